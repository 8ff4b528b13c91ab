// The double of libhdf5 against the real one: real files, encoded through libhdf5, are to the readers what the files are to `assay inspect`.

#include "formats/format.hpp"
#include "libanalysis/core/json.hpp"
#include "tests/support/support.hpp"

#include <gtest/gtest.h>

#include <set>

namespace assay::fuzz {
namespace {

std::string line(const std::string& name, const std::string& role, const Json& shape, const std::string& type, bool trainable) {
    return name + " " + role + " " + shape.dump() + " " + type + (trainable ? " trainable" : "");
}

TEST(Double, ReadsWhatTheRealLibraryReads) {
    for (const char* name : {"tests/export/image.h5", "tests/export/words.h5", "examples/mnist-grid/grid_0007.h5", "examples/mnist-grid/grid_0007.init.weights.h5"}) {
        const std::string file = (test::source_folder() / name).string();
        const test::Scratch scratch;
        const auto encoded = test::run({ASSAY_FUZZ_ENCODE, scratch.path().string(), file});
        ASSERT_EQ(encoded.exit_code, 0) << encoded.err;
        const model::Model model = formats::load_model(scratch.path() / "any_bytes" / std::filesystem::path(name).filename());
        std::set<std::string> here;
        for (std::size_t i = 0; i < model.parameters.size(); ++i)
            here.insert(line(model.parameters[i].name, std::string(to_string(model.parameters[i].role)), model.parameters[i].shape, model.weights[i].stored_type, model.parameters[i].trainable));

        const auto inspected = test::run({test::program().string(), "inspect", file, "--json"});
        ASSERT_EQ(inspected.exit_code, 0) << inspected.err;
        const Json real = parse_json(inspected.out, name);
        std::set<std::string> there;
        for (const Json& layer : real.at("layers"))
            for (const Json& tensor : layer.at("tensors"))
                there.insert(line(tensor.at("name"), tensor.at("role"), tensor.at("shape"), tensor.at("stored_type"), tensor.at("trainable").get<bool>()));
        EXPECT_EQ(here, there) << name;
        EXPECT_GE(there.size(), 4u) << name;
        EXPECT_EQ(model.format, real.at("facts").at("format")) << name;
        EXPECT_EQ(model.architecture.has_value(), real.at("facts").at("architecture").get<bool>()) << name;
    }
}

}  // namespace
}  // namespace assay::fuzz
