// The verbs where there is no device: CUDA is shown none, whatever the machine has.

#include "libanalysis/core/json.hpp"
#include "tests/support/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace assay {
namespace {

using test::run;
using testing::HasSubstr;
using testing::Not;

std::string bundled(const std::string& name) { return (test::source_folder() / "examples/mnist-grid" / name).string(); }

class WithoutDevices : public testing::Test {
protected:
    void SetUp() override { setenv("CUDA_VISIBLE_DEVICES", "", 1); }
    void TearDown() override {
        unsetenv("CUDA_VISIBLE_DEVICES");
        unsetenv("SLURM_JOB_GPUS");
    }
    static test::ProcessResult assay_run(std::vector<std::string> words) {
        words.insert(words.begin(), test::program().string());
        return run(words);
    }
    static std::string reason() { return parse_json(assay_run({"devices", "--json"}).out, "devices").at("cuda").at("reason").get<std::string>(); }
};

TEST_F(WithoutDevices, DevicesListsTheCpuAndSaysWhyCudaCannotBeUsed) {
    const auto json = assay_run({"devices", "--json"});
    ASSERT_EQ(json.exit_code, 0) << json.err;
    const Json found = parse_json(json.out, "devices");
    EXPECT_EQ(found.at("schema_version"), 1);
    EXPECT_GE(found.at("cpu").at("processors").get<int>(), 1);
    EXPECT_GT(found.at("cpu").at("memory").get<double>(), 1e8);
    EXPECT_FALSE(found.at("cuda").at("usable").get<bool>());
    EXPECT_FALSE(found.at("cuda").at("reason").get<std::string>().empty());
    EXPECT_TRUE(found.at("cuda").at("devices").empty());
    EXPECT_EQ(found.at("cuda").at("visible"), "");
    const auto text = assay_run({"devices"});
    EXPECT_EQ(text.exit_code, 0) << text.err;
    EXPECT_THAT(text.out, HasSubstr("--device cuda cannot be used: "));
    EXPECT_THAT(text.out, HasSubstr(found.at("cpu").at("instruction_set").get<std::string>()));
    std::istringstream lines(text.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
    EXPECT_THAT(assay_run({"devices", "--help"}).out, HasSubstr("Examples:\n  assay devices"));
    EXPECT_EQ(assay_run({"devices", "what"}).exit_code, 2);
    EXPECT_EQ(assay_run({"devices", "--frobnicate"}).exit_code, 2);
}

// Every verb that opens a model ends with 69 and the reason, before it reads anything.
TEST_F(WithoutDevices, CudaIsUnavailable) {
    const test::Scratch scratch;
    const std::string why = reason(), model = bundled("grid_0007.h5"), data = bundled("data.h5");
    const std::string start = why.substr(0, why.find('.'));
    test::write_file(scratch / "predictor.json", "{}");
    for (const char* device : {"cuda", "cuda:1"})
        for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
                 {"measure", model}, {"inspect", model}, {"forward", model, "--data", data}, {"hessian", model, "--data", data, "--quiet"},
                 {"zoo", "run", bundled(""), "-o", scratch / "s"}, {"zoo", "run", bundled(""), "-o", scratch / "s", "--dry-run"}}) {
            auto command = words;
            command.insert(command.end(), {"--device", device});
            const auto done = assay_run(command);
            EXPECT_EQ(done.exit_code, 69) << words[0] << done.out << done.err;
            EXPECT_THAT(done.err, HasSubstr("--device cuda")) << words[0];
            EXPECT_THAT(done.err, HasSubstr(start)) << words[0];
            EXPECT_EQ(done.out, "") << words[0];
        }
    EXPECT_FALSE(std::filesystem::exists(scratch / "s"));
}

TEST_F(WithoutDevices, WrongWordsAreUsage) {
    const std::string model = bundled("grid_0007.h5"), data = bundled("data.h5"), zoo = bundled("");
    const auto expect = [](const std::vector<std::string>& words, const std::string& part) {
        const auto done = assay_run(words);
        EXPECT_EQ(done.exit_code, 2) << done.out << done.err;
        EXPECT_THAT(done.err, HasSubstr(part));
    };
    expect({"measure", model, "--device", "gpu"}, "cpu, cuda, cuda:N");
    expect({"zoo", "run", zoo, "--device", "cuda:"}, "cpu, cuda, cuda:N");
    expect({"measure", model, "--tf32"}, "--tf32: expected --device cuda, found --device cpu");
    expect({"hessian", model, "--data", data, "--tf32", "--device", "auto"}, "--tf32: expected --device cuda, found --device auto");
    expect({"zoo", "run", zoo, "--tf32"}, "--tf32: expected --device cuda");
    expect({"forward", model, "--data", data, "--tf32", "--device", "cuda", "--precision", "double"}, "--precision float32");
    expect({"zoo", "run", zoo, "--workers-per-gpu", "2"}, "--workers-per-gpu: expected --device cuda or auto");
    expect({"zoo", "run", zoo, "--device", "cuda", "--workers-per-gpu", "0"}, "--workers-per-gpu");
    unsetenv("CUDA_VISIBLE_DEVICES");
    setenv("SLURM_JOB_GPUS", "one", 1);
    expect({"measure", model, "--device", "cuda"}, "SLURM_JOB_GPUS");
}

TEST_F(WithoutDevices, AutoComputesOnTheCpuAndSaysSo) {
    const std::string model = bundled("grid_0007.h5");
    const auto chosen = assay_run({"measure", model, "--measures", "frobenius_norm,depth", "--device", "auto", "--json"});
    ASSERT_EQ(chosen.exit_code, 0) << chosen.err;
    EXPECT_THAT(chosen.err, HasSubstr("device: cpu (no CUDA device: "));
    const Json result = parse_json(chosen.out, "measure");
    EXPECT_EQ(result.at("device"), "cpu");
    EXPECT_EQ(result.at("device_description"), "cpu");
    EXPECT_THAT(result.at("device_choice").get<std::string>(), HasSubstr("cpu (no CUDA device: "));
    EXPECT_TRUE(result.at("device_memory_peak_bytes").is_null());
    const Json plain = parse_json(assay_run({"measure", model, "--measures", "frobenius_norm,depth", "--json"}).out, "measure");
    EXPECT_FALSE(plain.contains("device_choice"));
    ASSERT_EQ(plain.at("values").size(), result.at("values").size());
    for (std::size_t i = 0; i < plain.at("values").size(); ++i) EXPECT_EQ(plain.at("values")[i].at("value"), result.at("values")[i].at("value"));
}

TEST_F(WithoutDevices, AZooChoosesTheCpuAndItsStoreSaysWhatComputed) {
    const test::Scratch scratch;
    const std::string store = scratch / "s";
    const auto ran = assay_run({"zoo", "run", bundled(""), "-o", store, "--measures", "frobenius_norm", "--limit", "2", "--device", "auto", "--quiet"});
    ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("device         cpu (no CUDA device: "));
    EXPECT_THAT(ran.out, Not(HasSubstr("kept ")));
    const Json status = parse_json(assay_run({"zoo", "status", store, "--json"}).out, "status");
    ASSERT_EQ(status.at("computed").size(), 1u) << status.at("computed");
    EXPECT_EQ(status.at("computed")[0].at("device"), "cpu");
    EXPECT_EQ(status.at("computed")[0].at("precision"), "float32");
    EXPECT_GT(status.at("computed")[0].at("values").get<int>(), 0);
    EXPECT_EQ(status.at("runs")[0].at("device"), "cpu");
    EXPECT_THAT(status.at("runs")[0].at("device_choice").get<std::string>(), HasSubstr("no CUDA device"));
    EXPECT_THAT(assay_run({"zoo", "status", store}).out, HasSubstr("values in float32 on cpu ("));
}

}  // namespace
}  // namespace assay
