// Verbs with --device cuda, cuda:N and auto as a user runs them, on the host twin of a CUDA machine: numbers beside the CPU's, which worker
// computes where, memory that runs out, devices that break.

#include "libanalysis/core/json.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace assay {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t too_little = 32 * mebibyte + 65536;   // cuBLAS's workspace, and less than the weights of a network

std::string bundled(const std::string& name) { return (test::source_folder() / "examples/mnist-grid" / name).string(); }

class OnTwin : public testing::Test {
protected:
    void SetUp() override { machine({{{"name", "Twin A"}, {"memory", 1024 * mebibyte}}, {{"name", "Twin B"}, {"memory", 2048 * mebibyte}}}); }
    void TearDown() override {
        unsetenv("ASSAY_TWIN");
        unsetenv("SLURM_JOB_GPUS");
    }
    static void machine(const Json& devices, Json more = Json::object()) {
        more["devices"] = devices;
        setenv("ASSAY_TWIN", more.dump().c_str(), 1);
    }
    static test::ProcessResult assay_run(std::vector<std::string> words) {
        words.insert(words.begin(), ASSAY_ON_TWIN);
        return test::run(words);
    }
    static Json json_of(std::vector<std::string> words) {
        words.push_back("--json");
        const auto done = assay_run(words);
        EXPECT_EQ(done.exit_code, 0) << done.err;
        return done.exit_code == 0 ? parse_json(done.out, "output") : Json();
    }
    static std::vector<std::string> measure(std::initializer_list<std::string> more) {
        std::vector<std::string> words{"measure", bundled("grid_0007.h5"), "--data", bundled("data.h5"), "--scale", "1/255", "--samples", "300", "--measures",
                                       "test_accuracy,test_loss,margin_quantile,path_norm,frobenius_norm"};
        words.insert(words.end(), more);
        return words;
    }
    static std::vector<std::string> zoo(const test::Scratch& scratch, std::initializer_list<std::string> more, const char* measures = "test_loss,path_norm") {
        std::vector<std::string> words{"zoo", "run", bundled(""), "-o", scratch / "s", "--scale", "1/255", "--samples", "200", "--quiet", "--measures", measures};
        words.insert(words.end(), more);
        return words;
    }
    static std::map<std::string, std::size_t> computed(const test::Scratch& scratch) {   // by the first word that names the device
        std::map<std::string, std::size_t> found;
        const Json status = json_of({"zoo", "status", scratch / "s"});
        for (const Json& origin : status.at("computed")) {
            const auto device = origin.at("device").get<std::string>();
            found[device.substr(0, device.find(" (")) + " " + origin.at("precision").get<std::string>()] += origin.at("values").get<std::size_t>();
        }
        return found;
    }
};

TEST_F(OnTwin, DevicesAreListed) {
    const Json found = json_of({"devices"}).at("cuda");
    EXPECT_TRUE(found.at("usable").get<bool>()) << found;
    ASSERT_EQ(found.at("devices").size(), 2u);
    EXPECT_EQ(found.at("devices")[1].at("device"), "cuda:1");
    EXPECT_EQ(found.at("devices")[1].at("name"), "Twin B");
    EXPECT_EQ(found.at("devices")[1].at("memory"), 2048 * mebibyte);
    const auto text = assay_run({"devices"});
    EXPECT_THAT(text.out, HasSubstr("cuda:0  Twin A, compute capability 9.0"));
    EXPECT_THAT(text.out, Not(HasSubstr("cannot be used")));
}

TEST_F(OnTwin, MeasuresAgreeWithTheCpuAndNameTheirDevice) {
    const Json cpu = json_of(measure({})), cuda = json_of(measure({"--device", "cuda:1"}));
    EXPECT_EQ(cuda.at("device"), "cuda:1");
    EXPECT_THAT(cuda.at("device_description").get<std::string>(), HasSubstr("cuda: Twin B (9.0), driver 1"));
    EXPECT_GT(cuda.at("device_memory_peak_bytes").get<std::size_t>(), 0u);
    ASSERT_EQ(cpu.at("values").size(), cuda.at("values").size());
    for (std::size_t i = 0; i < cpu.at("values").size(); ++i) {
        const Json& a = cpu.at("values")[i];
        const Json& b = cuda.at("values")[i];
        EXPECT_EQ(a.at("status"), b.at("status")) << b;
        if (a.at("value").is_number()) {
            EXPECT_NEAR_RELATIVE(a.at("value").get<double>(), b.at("value").get<double>(), 1e-4) << a << b;
        }
    }
    EXPECT_THAT(assay_run(measure({"--device", "cuda"})).out, HasSubstr("device: cuda: Twin A"));
}

// Layers up to 512 wide: Gram matrices and their eigenvalues are the device's, in double, so that values are the CPU's to its bound.
TEST_F(OnTwin, SpectraOfLayersAreTheDevices) {
    const auto spectra = [&](std::initializer_list<std::string> more) {
        std::vector<std::string> words{"measure", bundled("grid_0051.h5"), "--measures", "spectral_norm,stable_rank,operator_stable_rank"};
        words.insert(words.end(), more);
        return json_of(words);
    };
    const Json cpu = spectra({}), cuda = spectra({"--device", "cuda"});
    EXPECT_GT(cuda.at("twin_calls").value("cusolverDnDsyevd", 0), 0);
    EXPECT_GT(cuda.at("twin_calls").value("cusolverDnDsyevjBatched", 0), 0) << "a convolution's, one at each frequency: of its whole spectrum, for the norm prunes";
    EXPECT_EQ(cpu.at("twin_calls").value("cusolverDnDsyevd", 0), 0);
    ASSERT_EQ(cpu.at("values").size(), cuda.at("values").size());
    std::size_t numbers = 0;
    for (std::size_t i = 0; i < cpu.at("values").size(); ++i) {
        const Json &a = cpu.at("values")[i].at("value"), &b = cuda.at("values")[i].at("value");
        EXPECT_EQ(a.is_number(), b.is_number());
        if (!a.is_number()) continue;
        ++numbers;
        const bool lanczos = cpu.at("values")[i].at("convention") == "exact";   // of the layer itself, in float32
        EXPECT_NEAR_RELATIVE(a.get<double>(), b.get<double>(), lanczos ? 1e-5 : 1e-12) << cpu.at("values")[i];
    }
    EXPECT_GT(numbers, 6u);
}

// The convolution of this network has stride 2 and padding on one side alone.
TEST_F(OnTwin, ConvolutionsAreCudnnsWhereItIsRight) {
    const auto loss = [&](const Json& more) {
        machine({{{"name", "Twin A"}, {"memory", 1024 * mebibyte}}}, more);
        return json_of({"measure", bundled("grid_0007.h5"), "--data", bundled("data.h5"), "--scale", "1/255", "--samples", "300", "--measures", "test_loss", "--device", "cuda"});
    };
    const Json right = loss(Json::object()), wrong = loss({{"spoiled", {"cudnnConvolutionForward"}}});
    EXPECT_GT(right.at("twin_calls").at("cudnnConvolutionForward").get<int>(), 0);
    EXPECT_THAT(right.at("device_description").get<std::string>(), HasSubstr("cuDNN 9.19.0"));
    EXPECT_EQ(right.at("device_notes"), Json::array());
    ASSERT_EQ(wrong.at("device_notes").size(), 1u);
    EXPECT_THAT(wrong.at("device_notes")[0].get<std::string>(), HasSubstr("without cuDNN: its result is not that of unrolled windows (forward of ["));
    EXPECT_NEAR_RELATIVE(right.at("values")[0].at("value").get<double>(), wrong.at("values")[0].at("value").get<double>(), 1e-5);
    EXPECT_THAT(assay_run(measure({"--device", "cuda"})).out, HasSubstr("device: convolutions are computed without cuDNN"));
}

TEST_F(OnTwin, HessianAndForwardRunThere) {
    const std::vector<std::string> words{"hessian", bundled("grid_0007.h5"), "--data", bundled("data.h5"), "--scale", "1/255", "--samples", "100", "--top", "2", "--trace", "--quiet"};
    const auto on = [&](std::initializer_list<std::string> more) {
        auto command = words;
        command.insert(command.end(), more);
        return command;
    };
    const Json cpu = json_of(words), cuda = json_of(on({"--device", "cuda"})), small = json_of(on({"--device", "cuda", "--memory", "100M"}));
    for (std::size_t i = 0; i < 2; ++i)
        EXPECT_NEAR_RELATIVE(cpu.at("eigenvalues")[i].at("value").get<double>(), cuda.at("eigenvalues")[i].at("value").get<double>(), 1e-4);
    EXPECT_NEAR_RELATIVE(cpu.at("trace").at("value").get<double>(), cuda.at("trace").at("value").get<double>(), 1e-4);
    EXPECT_EQ(cuda.at("memory_budget_bytes"), 1024 * mebibyte / 5 * 4) << "four fifths of what is free";
    EXPECT_EQ(small.at("memory_budget_bytes"), 100 * mebibyte);
    EXPECT_THAT(assay_run(on({"--device", "cuda"})).out, HasSubstr("of 819.2 MiB that it may hold"));
    EXPECT_EQ(json_of(on({"--device", "cuda", "--tf32"})).at("precision"), "tf32");
}

TEST_F(OnTwin, ADeviceThatIsNotThereIsUnavailable) {
    for (const std::vector<std::string>& words : {measure({"--device", "cuda:2"}), std::vector<std::string>{"zoo", "run", bundled(""), "-o", "/nowhere/s", "--device", "cuda:2"}}) {
        const auto done = assay_run(words);
        EXPECT_EQ(done.exit_code, 69) << done.out << done.err;
        EXPECT_THAT(done.err, HasSubstr("--device cuda:2: expected a device from 0 to 1, found 2"));
    }
}

TEST_F(OnTwin, AutoTimesEveryKindAndSaysWhatItChose) {
    const Json result = json_of(measure({"--device", "auto"}));
    const auto words = result.at("device_choice").get<std::string>(), device = result.at("device").get<std::string>();
    EXPECT_TRUE(words.starts_with(device + " (")) << words;
    for (const char* name : {"cpu", "cuda:0", "cuda:1"}) EXPECT_THAT(words, HasSubstr(name));
    EXPECT_THAT(words, testing::ContainsRegex("a micro-batch of [0-9]+ rows"));
    EXPECT_THAT(words, Not(HasSubstr("not timed")));
    EXPECT_THAT(assay_run({"measure", bundled("grid_0007.h5"), "--measures", "depth", "--device", "auto"}).err, HasSubstr("device: cpu (nothing was timed: no data"));
}

TEST_F(OnTwin, AZooUsesEveryDevice) {
    const test::Scratch scratch;
    const auto ran = assay_run(zoo(scratch, {"--limit", "8", "--device", "cuda"}));
    ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("cuda:0         Twin A (9.0), 1.0 GiB"));
    EXPECT_THAT(ran.out, HasSubstr("workers        2, at most 1 on a device, each with up to 819.2 MiB of its memory"));
    const auto origins = computed(scratch);
    EXPECT_GT(origins.at("cuda: Twin A float32"), 0u);
    EXPECT_GT(origins.at("cuda: Twin B float32"), 0u);
    const Json run = json_of({"zoo", "status", scratch / "s"}).at("runs")[0];
    EXPECT_EQ(run.at("device"), "cuda");
    EXPECT_EQ(run.at("devices").size(), 2u);
    EXPECT_FALSE(run.at("libraries").at("cublas").get<std::string>().empty());
    const auto more = assay_run(zoo(scratch, {"--limit", "10", "--device", "cuda", "--workers-per-gpu", "2", "--dry-run"}));
    EXPECT_THAT(more.out, HasSubstr("workers        4, at most 2 on a device, each with up to 409.6 MiB of its memory"));
}

TEST_F(OnTwin, AnotherDeviceAddsToAStoreAndTf32StandsApart) {
    const test::Scratch scratch;
    assay_run(zoo(scratch, {"--limit", "1"}, "test_loss"));   // on the CPU
    const auto before = computed(scratch);
    const auto ran = assay_run(zoo(scratch, {"--limit", "1", "--device", "cuda:0"}));
    ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("values that were computed on cpu; they stay"));
    const auto after = computed(scratch);
    EXPECT_EQ(after.at("cpu float32"), before.at("cpu float32"));
    EXPECT_GT(after.at("cuda: Twin A float32"), 0u);
    ASSERT_EQ(assay_run(zoo(scratch, {"--limit", "1", "--device", "cuda:0", "--tf32"})).exit_code, 0);
    EXPECT_GT(computed(scratch).at("cuda: Twin A tf32"), 0u);
    const auto page = assay_run({"report", scratch / "s", "-o", scratch / "page.html"});
    EXPECT_EQ(page.exit_code, 0) << page.err;
    EXPECT_THAT(test::read_file(scratch / "page.html"), HasSubstr("on cuda: Twin A (9.0), driver"));
}

TEST_F(OnTwin, AFullDeviceFailsRowsAndTheRunGoesOn) {
    machine({{{"name", "Small"}, {"memory", too_little}}});
    const test::Scratch scratch;
    const auto ran = assay_run(zoo(scratch, {"--limit", "3", "--device", "cuda"}));
    EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("0 ok, 3 failed"));
    EXPECT_THAT(ran.out, HasSubstr("failed (resource)"));
    EXPECT_THAT(ran.out, HasSubstr("memory of cuda:0"));
}

// Others hold nearly all of the device: fewer rows at a time, in words, and the same numbers up to rounding.
TEST_F(OnTwin, AFullDeviceComputesWithFewerRows) {
    const auto on = [](std::size_t left) { machine({{{"name", "Shared"}, {"memory", 1024 * mebibyte}, {"taken", 1024 * mebibyte - left}}}); };
    on(1024 * mebibyte);
    const Json roomy = json_of(measure({"--device", "cuda"}));
    EXPECT_EQ(roomy.at("device_notes"), Json::array());
    on(38 * mebibyte);   // 32 MiB are cuBLAS's
    const Json full = json_of(measure({"--device", "cuda"}));
    ASSERT_EQ(full.at("device_notes").size(), 1u);
    EXPECT_THAT(full.at("device_notes")[0].get<std::string>(), testing::ContainsRegex("micro-batches have 1/[0-9]+ of their rows, since the memory of cuda:0 ran out \\([0-9]+ MiB more, "));
    ASSERT_EQ(roomy.at("values").size(), full.at("values").size());
    for (std::size_t i = 0; i < roomy.at("values").size(); ++i) {
        const Json &a = roomy.at("values")[i].at("value"), &b = full.at("values")[i].at("value");
        if (a.is_number()) {
            EXPECT_NEAR_RELATIVE(a.get<double>(), b.get<double>(), 1e-5) << roomy.at("values")[i];
        }
    }
    EXPECT_THAT(assay_run(measure({"--device", "cuda"})).out, HasSubstr("device: micro-batches have 1/"));

    const test::Scratch scratch;
    const auto ran = assay_run(zoo(scratch, {"--limit", "2", "--device", "cuda"}));
    EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("note: micro-batches have 1/"));
}

TEST_F(OnTwin, AFullDeviceIsUnavailableToAVerb) {
    machine({{{"name", "Full"}, {"memory", 1024 * mebibyte}, {"taken", 1024 * mebibyte - too_little}}});
    const auto done = assay_run(measure({"--device", "cuda"}));
    EXPECT_EQ(done.exit_code, 69) << done.out << done.err;
    EXPECT_THAT(done.err, HasSubstr("memory of cuda:0: expected"));
    EXPECT_THAT(done.err, HasSubstr("--memory bounds what is taken here"));
}

// Every process may run so many kernels, enough for one model and not for four: what was at work when a device broke is done again in
// another process.
TEST_F(OnTwin, ABreakingDeviceCostsAProcessAndNoModel) {
    const auto fragile = [](int launches) { machine({{{"name", "Fragile"}, {"memory", 1024 * mebibyte}}}, {{"launches", launches}}); };
    int launches = 1;
    for (int code = 1; code != 0; launches *= 2) {
        ASSERT_LT(launches, 1 << 16);
        const test::Scratch one;
        fragile(launches);
        code = assay_run(zoo(one, {"--limit", "1", "--device", "cuda"})).exit_code;
    }
    // A model needs more than a quarter of `launches` by now, and not more than half.
    ASSERT_GT(launches, 16);
    fragile(launches);
    const test::Scratch scratch;
    const auto ran = assay_run(zoo(scratch, {"--limit", "8", "--device", "cuda"}));
    EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("8 ok, 0 failed"));
}

TEST_F(OnTwin, WhatABrokenDeviceFailedIsTriedAgain) {
    const test::Scratch scratch;
    const Json broken{{{"name", "Broken"}, {"memory", 1024 * mebibyte}}};
    machine(broken, {{"launches", 3}});
    const auto ran = assay_run(zoo(scratch, {"--limit", "2", "--device", "cuda"}));
    EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("failed (unavailable)"));
    machine(broken);
    const auto again = assay_run(zoo(scratch, {"--limit", "2", "--device", "cuda"}));
    EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
    EXPECT_THAT(again.out, HasSubstr("2 ok, 0 failed"));
}

TEST_F(OnTwin, SlurmsDevicesAreThoseOfTheProcess) {
    setenv("SLURM_JOB_GPUS", "1", 1);
    EXPECT_EQ(json_of({"devices"}).at("cuda").at("visible"), "1");
    setenv("SLURM_JOB_GPUS", "4,5", 1);
    EXPECT_TRUE(json_of({"devices"}).at("cuda").at("visible").is_null()) << "numbers of the whole machine, of which two are in sight";
}

}  // namespace
}  // namespace assay
