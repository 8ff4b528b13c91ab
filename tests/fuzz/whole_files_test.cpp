// A hundred damaged files: the supervisor lives, every file has a row. bench-size runs: fuzz_whole_files (docs/security.md).

#include "tests/fuzz/whole_files.hpp"
#include "tests/support/support.hpp"

#include <gtest/gtest.h>

namespace assay::fuzz {
namespace {

TEST(WholeFiles, EveryDamagedFileEndsWithARowAndTheRunLives) {
    WholeFileOptions options{.program = test::program(), .corpus = {}, .files = 100, .batch = 100, .seed = 3, .timeout = 10, .keep = {}};
    for (const char* name : {"tests/export/image.h5", "tests/export/words.h5"}) options.corpus.push_back(test::source_folder() / name);
    const WholeFileCounts counts = fuzz_whole_files(options);
    for (const std::string& complaint : counts.complaints) ADD_FAILURE() << complaint;
    std::size_t rows = 0, failed = 0;
    for (const auto& [outcome, count] : counts.rows) {
        rows += count;
        if (outcome.starts_with("failed")) failed += count;
    }
    EXPECT_EQ(rows, 100u);
    EXPECT_GE(failed, 20u) << "the damage reaches the readers";
    EXPECT_GE(counts.rows.at("ok"), 1u) << "and leaves some files readable";
}

TEST(WholeFiles, DamageIsTheSameForTheSameSeed) {
    const std::string bytes(1000, 'x');
    EXPECT_EQ(damage_file(bytes, 7), damage_file(bytes, 7));
    int changed = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) changed += damage_file(test::read_file(test::source_folder() / "tests/export/image.h5"), seed) != test::read_file(test::source_folder() / "tests/export/image.h5");
    EXPECT_GT(changed, 40);
}

}  // namespace
}  // namespace assay::fuzz
