// A folder of files made to crash, hang or mislead HDF5 readers: every one ends as a row with a reason.

#include "libanalysis/core/json.hpp"
#include "tests/support/support.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace assay {
namespace {

TEST(HostileFolder, EndsWithARowAFileAndExitCodeOne) {
    ASSAY_NEEDS_SHARED("hostile/hdf5");
    const test::Scratch scratch;
    const std::string store = scratch / "hostile.assay";
    const auto done = test::run({test::program().string(), "zoo", "run", (test::shared_folder() / "hostile/hdf5").string(), "-o", store,
                                 "--timeout", "10"});
    EXPECT_EQ(done.exit_code, 1) << done.err;
    const auto exported = test::run({test::program().string(), "export", store, "--format", "jsonl"});
    std::istringstream lines(exported.out);
    int rows = 0, failed = 0;
    for (std::string line; std::getline(lines, line); ++rows) {
        const Json row = parse_json(line, "export");
        const std::string status = row.at("status");
        EXPECT_TRUE(status == "ok" || status == "failed" || status == "not_a_model") << line;
        failed += status == "failed";
    }
    EXPECT_EQ(rows, 145);
    EXPECT_GT(failed, 0);
}

}  // namespace
}  // namespace assay
