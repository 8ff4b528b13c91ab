// What the zoo verbs read and write besides the store: sizes, times, progress, what schedulers say.

#include "tools/progress.hpp"
#include "tools/quantities.hpp"
#include "tools/shard_environment.hpp"

#include <gtest/gtest.h>

#include <map>

namespace assay::tools {
namespace {

TEST(Quantities, AreReadAndWritten) {
    EXPECT_EQ(parse_bytes("2G", "--memory"), std::size_t{2} << 30);
    EXPECT_EQ(parse_bytes("1.5GiB", "--memory"), std::size_t{3} << 29);
    EXPECT_EQ(parse_bytes("512m", "--memory"), std::size_t{512} << 20);
    EXPECT_EQ(parse_bytes("1000", "--memory"), 1000u);
    for (const char* bad : {"", "G", "-1", "1X", "1GB2", "nan", "1e30"}) EXPECT_THROW(parse_bytes(bad, "--memory"), Error) << bad;
    EXPECT_EQ(bytes_in_words(1536), "1.5 KiB");
    EXPECT_EQ(bytes_in_words(3), "3 bytes");
    EXPECT_EQ(seconds_in_words(0.44), "0.4 s");
    EXPECT_EQ(seconds_in_words(200), "3 min 20 s");
    EXPECT_EQ(seconds_in_words(7500), "2 h 5 min");
}

TEST(Progress, TellsRateAndTimeLeft) {
    zoo::Progress progress{.total = 100, .ok = 20, .failed = 5, .not_a_model = 0, .elapsed_s = 5};
    EXPECT_EQ(ProgressLine::text(progress, false), "25/100 models, 25 %, 5 failed, 5.0 models/s, 15 s left");
    EXPECT_EQ(ProgressLine::text(progress, true).substr(0, 26), "[======>                 ]");
    progress = {.total = 4, .ok = 1, .failed = 0, .not_a_model = 0, .elapsed_s = 100};
    EXPECT_EQ(ProgressLine::text(progress, false), "1/4 models, 25 %, 1 min 40 s a model, 5 min 0 s left");
}

TEST(Shards, AreTakenFromTheSchedulersEnvironment) {
    const auto choose = [](const std::string& option, std::map<std::string, std::string> environment) {
        return choose_shard(option, [environment](const char* name) {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
        });
    };
    EXPECT_EQ(choose("", {}).shard.count, 1u);
    EXPECT_EQ(choose("1/3", {{"SLURM_ARRAY_TASK_ID", "7"}, {"SLURM_ARRAY_TASK_COUNT", "9"}}).shard.index, 1u) << "what is typed goes first";
    const std::map<std::string, std::string> slurm{{"SLURM_ARRAY_TASK_ID", "14"}, {"SLURM_ARRAY_TASK_MIN", "10"}, {"SLURM_ARRAY_TASK_STEP", "2"}, {"SLURM_ARRAY_TASK_COUNT", "5"}};
    EXPECT_EQ(choose("", slurm).shard.index, 2u);
    EXPECT_EQ(choose("", slurm).shard.count, 5u);
    EXPECT_EQ(choose("", slurm).from, "SLURM_ARRAY_TASK_ID");
    EXPECT_EQ(choose("auto/8", {{"JOB_COMPLETION_INDEX", "6"}}).shard.index, 6u);
    EXPECT_THROW(choose("", {{"JOB_COMPLETION_INDEX", "6"}}), Error) << "the count is unknown";
    EXPECT_THROW(choose("auto/8", {}), Error);
    EXPECT_THROW(choose("auto/3", {{"JOB_COMPLETION_INDEX", "6"}}), Error);
    EXPECT_THROW(choose("", {{"SLURM_ARRAY_TASK_ID", "x"}, {"SLURM_ARRAY_TASK_COUNT", "5"}}), Error);
}

}  // namespace
}  // namespace assay::tools
