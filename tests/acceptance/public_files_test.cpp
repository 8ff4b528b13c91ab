// A folder of real files of every layout met: each ends as a row of the store, read, refused or no model, and with a reason unless read.

#include "libanalysis/core/json.hpp"
#include "libanalysis/store/store.hpp"
#include "tests/support/support.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <map>

namespace assay {
namespace {

// What becomes of a kind of the manifest: "ok" for what is read, "failed" for checkpoints of layouts that are not, "not_a_model" for the rest.
const std::map<std::string, std::string> ending_of = {
    {"keras_whole", "ok"}, {"keras_weights_legacy", "ok"}, {"keras_zip", "ok"}, {"keras3_weights", "ok"},
    {"torch_zip", "failed"}, {"torch_legacy", "failed"}, {"onnx", "failed"}, {"safetensors", "failed"}, {"unknown:89504e470d0a1a0a", "failed"},
    {"npz", "not_a_model"}, {"tar of keras json+weights h5+test vectors", "not_a_model"}};

TEST(PublicFolder, EndsWithARowAFileAndAReasonForWhatIsNotRead) {
    ASSAY_NEEDS_SHARED("models/public");
    const test::Scratch scratch;
    const std::filesystem::path folder = test::shared_folder() / "models/public", path = scratch / "public.assay";
    const auto done = test::run({test::program().string(), "zoo", "run", folder.string(), "-o", path.string(), "--measures", "parameter_count,frobenius_norm", "--timeout", "60"});
    EXPECT_EQ(done.exit_code, 1) << done.err;   // some are refused
    std::map<std::string, store::ModelRow> rows;
    for (const store::ModelRow& row : store::Store(path, store::Store::Mode::read).models()) rows[row.path] = row;

    const Json manifest = parse_json(test::read_file(folder / "manifest.json"), "manifest");
    std::map<std::string, int> counts;
    for (const Json& file : manifest) {
        const std::string name = file.at("file"), kind = file.at("kind");
        ASSERT_TRUE(rows.contains(name)) << name;
        const store::ModelRow& row = rows.at(name);
        // "other" are HDF5 files: a PyTorch state dict, and files without any weights.
        const std::string expected = kind == "other" ? name.starts_with("gpspelle__Crowd-Counting") ? "ok" : "failed" : ending_of.at(kind);
        EXPECT_EQ(row.status, expected) << name << " (" << kind << "): " << row.reason;
        EXPECT_EQ(row.reason.empty(), row.status == "ok") << name << ": " << row.reason;
        if (row.status == "failed") {   // refused, by the reader: nobody crashed, hung or ran out of memory
            EXPECT_TRUE(row.error_kind == "format" || row.error_kind == "unsupported") << name << " " << row.error_kind << ": " << row.reason;
        }
        ++counts[row.status];
    }
    EXPECT_EQ(rows.at("manifest.json").status, "not_a_model");
    EXPECT_EQ(rows.size(), manifest.size() + 1);
    std::printf("%d read, %d refused, %d no models\n", counts["ok"], counts["failed"], counts["not_a_model"]);
    EXPECT_EQ(counts["ok"], 128);
}

}  // namespace
}  // namespace assay
