// What --device says, whose memory and whose turn it is, what Slurm says, and which device costs least.

#include "libanalysis/core/error.hpp"
#include "tests/support/refusal.hpp"
#include "tools/device.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

namespace assay::tools {
namespace {

using Kind = DeviceOption::Kind;
using test::refusal;
using testing::HasSubstr;

TEST(DeviceOption, HasFourForms) {
    EXPECT_EQ(parse_device("cpu").kind, Kind::cpu);
    EXPECT_EQ(parse_device("auto").kind, Kind::automatic);
    EXPECT_EQ(parse_device("cuda").kind, Kind::cuda);
    EXPECT_FALSE(parse_device("cuda").index.has_value()) << "a zoo takes every device";
    EXPECT_EQ(parse_device("cuda:3").index, 3);
    EXPECT_EQ(device_word(parse_device("cuda")), "cuda:0");
    for (const char* word : {"cpu", "auto", "cuda:0", "cuda:12"}) EXPECT_EQ(device_word(parse_device(word)), word);
    for (const char* bad : {"", "gpu", "CUDA", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cuda:1 ", "cuda1", "cuda:99999999999", "cpu:0"}) {
        const Error error = refusal([&] { parse_device(bad); });
        EXPECT_EQ(error.kind(), ErrorKind::usage) << bad;
        EXPECT_THAT(error.what(), HasSubstr("cpu, cuda, cuda:N (the N-th device, from 0) or auto")) << bad;
    }
}

TEST(DevicePrecision, Tf32IsAPrecisionOfItsOwnAndOfCudaAlone) {
    const DeviceOption cpu = parse_device("cpu"), cuda = parse_device("cuda:1"), automatic = parse_device("auto");
    EXPECT_EQ(precision_word("float32", false, cuda), "float32");
    EXPECT_EQ(precision_word("double", false, cpu), "float64");
    EXPECT_EQ(precision_word("float32", true, cuda), "tf32");
    EXPECT_THAT(refusal([&] { precision_word("float32", true, cpu); }).what(), HasSubstr("--tf32: expected --device cuda, found --device cpu"));
    EXPECT_THAT(refusal([&] { precision_word("float32", true, automatic); }).what(), HasSubstr("found --device auto"));
    EXPECT_THAT(refusal([&] { precision_word("float64", true, cuda); }).what(), HasSubstr("--precision float32"));
    for (const char* bad : {"tf32", "half", ""}) EXPECT_EQ(refusal([&] { precision_word(bad, false, cuda); }).kind(), ErrorKind::usage) << bad;
}

TEST(DeviceMemory, IsAShareOfWhatIsFree) {
    EXPECT_EQ(device_budget(1000, 0, 1), 800u);
    EXPECT_EQ(device_budget(1000, 0, 4), 200u);
    EXPECT_EQ(device_budget(1000, 300, 1), 300u) << "--memory";
    EXPECT_EQ(device_budget(1000, 900, 1), 800u) << "never more than four fifths";
    EXPECT_EQ(device_budget(1000, 300, 4), 200u);
    EXPECT_EQ(device_budget(0, 0, 1), 0u);
    EXPECT_GT(device_budget(std::numeric_limits<std::size_t>::max(), 0, 1), std::numeric_limits<std::size_t>::max() / 2) << "no overflow";
}

std::optional<std::string> slurm(int visible, std::map<std::string, std::string> environment) {
    return devices_of_slurm(
        [&](const char* name) {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
        },
        visible);
}

TEST(DevicesOfSlurm, StandInForCudaVisibleDevices) {
    EXPECT_EQ(slurm(8, {}), std::nullopt);
    EXPECT_EQ(slurm(8, {{"SLURM_JOB_GPUS", "0,2"}}), "0,2");
    EXPECT_EQ(slurm(8, {{"SLURM_JOB_GPUS", "0-3,6"}}), "0,1,2,3,6");
    EXPECT_EQ(slurm(8, {{"SLURM_JOB_GPUS", "0-7"}, {"SLURM_STEP_GPUS", "5"}}), "5") << "a step has its share of the job";
    EXPECT_EQ(slurm(8, {{"SLURM_JOB_GPUS", "4"}, {"SLURM_STEP_GPUS", ""}}), "4");
    EXPECT_EQ(slurm(8, {{"SLURM_JOB_GPUS", "0,2"}, {"CUDA_VISIBLE_DEVICES", "1"}}), std::nullopt) << "it goes first";
    EXPECT_EQ(slurm(8, {{"SLURM_JOB_GPUS", "0,2"}, {"CUDA_VISIBLE_DEVICES", ""}}), std::nullopt) << "none is a choice too";
    EXPECT_EQ(slurm(2, {{"SLURM_JOB_GPUS", "4,5"}}), std::nullopt) << "a container of the job shows its two as 0 and 1";
    EXPECT_EQ(slurm(5, {{"SLURM_JOB_GPUS", "4"}}), "4");
    for (const char* bad : {"a", "0,", ",1", "1-", "-1", "3-1", "GPU-8f6b", "0-99999"}) {
        const Error error = refusal([&] { slurm(8, {{"SLURM_JOB_GPUS", bad}}); });
        EXPECT_EQ(error.kind(), ErrorKind::usage) << bad;
        EXPECT_THAT(error.what(), HasSubstr("SLURM_JOB_GPUS")) << bad;
    }
}

TEST(DeviceCosts, CountWholeMicroBatchesOnAllLanes) {
    const DeviceCost one{.device = "cpu", .seconds = 0.5, .rows = 100, .lanes = 1};
    EXPECT_EQ(pass_seconds(one, 1), 0.5);
    EXPECT_EQ(pass_seconds(one, 100), 0.5);
    EXPECT_EQ(pass_seconds(one, 101), 1.0);
    EXPECT_EQ(pass_seconds({.device = "cpu", .seconds = 0.5, .rows = 100, .lanes = 4}, 900), 1.5) << "nine micro-batches, four at a time";
}

TEST(DeviceCosts, TheCheapestWinsAndTheFirstOfEquals) {
    std::vector<DeviceCost> costs{{.device = "cpu", .seconds = 0.035, .rows = 512, .lanes = 8}, {.device = "cuda:0", .seconds = 0.0008, .rows = 4096}};
    EXPECT_EQ(cheapest_device(costs, 1 << 20), 1u);
    EXPECT_EQ(choice_in_words(costs, 1, 1 << 20), "cuda:0 (0.8 ms a micro-batch of 4096 rows, cpu 35 ms)");
    // 2048 micro-batches of 512 rows, eight at a time: 256 times 35 ms for 2^20 rows, a 256th of it for 4096.
    costs[1].seconds = 0.035;
    costs[1].rows = 512;
    EXPECT_EQ(cheapest_device(costs, 512), 0u) << "equals";
    EXPECT_EQ(cheapest_device(costs, 1024), 0u);
    costs[1] = {.device = "cuda:1", .seconds = 2, .rows = 64};
    EXPECT_EQ(choice_in_words(costs, cheapest_device(costs, 64), 64), "cpu (35 ms a micro-batch of 64 rows, cuda:1 2.0 s)");
    costs[1].seconds = std::nan("");
    EXPECT_EQ(cheapest_device(costs, 1024), 0u) << "a time that is none is not the least";
}

}  // namespace
}  // namespace assay::tools
