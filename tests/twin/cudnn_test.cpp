// Convolutions by cuDNN: used where it agrees with unrolled windows, and left alone, with a note, where it does not, fails or is not there.
// Values are those of loops over doubles either way.

#include "libanalysis/engine/cuda/cudnn.hpp"
#include "tests/engine/backend/convolutions.hpp"
#include "tests/twin/lane_support.hpp"

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace assay::test {
namespace {

using engine::Backend;
using engine::ConvGeometry;
using engine::ConstView;
using engine::DType;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ConvGeometry plain = geometry({7, 3, 1, 1, 1, 1}, {6, 3, 1, 1, 1, 1}, 4, 5, 1);

constexpr const char* passes[] = {"cudnnConvolutionForward", "cudnnConvolutionBackwardData", "cudnnConvolutionBackwardFilter"};

/// A device that no test of this process has used, with its notes.
class LaneCudnn : public testing::Test {
protected:
    LaneCudnn() { twin::restart(std::vector<twin::Device>(static_cast<std::size_t>(device) + 1)); }
    std::unique_ptr<Backend> backend(bool tf32 = false, std::size_t workspace = std::size_t{1} << 24, bool cudnn = true) const {
        return engine::cuda::make_cuda_backend({.device = device, .tf32 = tf32, .workspace = workspace, .cudnn = cudnn});
    }
    std::vector<std::string> notes() const { return engine::cuda::notes(device); }
    static std::array<int, 3> calls() {
        auto all = twin::calls();
        return {all[passes[0]], all[passes[1]], all[passes[2]]};
    }
    static inline int next = 0;
    const int device = next++;
};

TEST_F(LaneCudnn, ComputesEveryShapeThatAgrees) {
    const auto b = backend();
    for (const ConvGeometry& g : library_shapes) {
        const Convolutions convolutions(g);
        const auto before = calls();
        for (const bool add : {false, true}) {
            const auto first = convolutions.on(*b, add);
            convolutions.expect_right(first, add);
            for (const std::size_t offset : {0, 1, 3}) EXPECT_EQ(convolutions.on(*b, add, offset), first) << "the same bits, when judged and after, wherever arrays begin";
        }
        for (std::size_t pass = 0; pass < 3; ++pass) EXPECT_EQ(calls()[pass] - before[pass], 8) << passes[pass];
    }
    EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(LaneCudnn, IsAskedForNeitherDoublesNorProducts) {
    const auto b = backend();
    Convolutions(plain).expect_right(Convolutions(plain).on(*b, false, 0, DType::float64), false, 100 * roundoff<double>);
    const Convolutions product(geometry({5, 1, 1, 1, 0, 0}, {6, 1, 1, 1, 0, 0}, 4, 3, 1));
    product.expect_right(product.on(*b, false), false);
    EXPECT_THAT(calls(), ElementsAre(0, 0, 0));
    EXPECT_EQ(twin::calls()["cudnnCreate"], 0) << "it costs memory: made when it is needed";
}

TEST_F(LaneCudnn, IsLeftOutWhereAsked) {
    const auto b = backend(false, 1 << 24, false);
    Convolutions(plain).expect_right(Convolutions(plain).on(*b, true), true);
    EXPECT_THAT(calls(), ElementsAre(0, 0, 0));
    EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(LaneCudnn, IsLeftOutWhereTheEnvironmentSaysSo) {
    setenv("ASSAY_CUDNN", "off", 1);
    const auto b = backend();
    Convolutions(plain).expect_right(Convolutions(plain).on(*b, true), true);
    EXPECT_THAT(calls(), ElementsAre(0, 0, 0));
    EXPECT_THAT(engine::cuda::status().cudnn, IsEmpty());
    EXPECT_THAT(engine::cuda::status().cudnn_reason, HasSubstr("ASSAY_CUDNN is off"));
    EXPECT_THAT(engine::cuda::description(device), testing::Not(HasSubstr("cuDNN"))) << "what computed a value";
    unsetenv("ASSAY_CUDNN");
    Convolutions(plain).expect_right(Convolutions(plain).on(*backend(), true), true);
    EXPECT_THAT(calls(), ElementsAre(1, 1, 1));
}

TEST_F(LaneCudnn, IsNotMissed) {
    twin::remove_cudnn();
    const auto b = backend();
    Convolutions(plain).expect_right(Convolutions(plain).on(*b, true), true);
    EXPECT_THAT(notes(), IsEmpty());
    const engine::cuda::Status status = engine::cuda::status();
    EXPECT_THAT(status.cudnn, IsEmpty());
    EXPECT_THAT(status.cudnn_reason, HasSubstr("It was not found (libcudnn.so.9: cannot open"));
    EXPECT_THAT(status.reason, IsEmpty());
    EXPECT_THAT(engine::cuda::description(device), testing::Not(HasSubstr("cuDNN")));
}

TEST_F(LaneCudnn, IsNamedWhereItIs) {
    EXPECT_EQ(engine::cuda::status().cudnn, "9.19.0");
    EXPECT_THAT(engine::cuda::status().cudnn_reason, IsEmpty());
    EXPECT_THAT(engine::cuda::description(device), testing::EndsWith(", cuDNN 9.19.0"));
    engine::cuda::dnn::Library old;
    old.cudnnGetVersion = +[]() -> std::size_t { return 8907; };
    EXPECT_EQ(engine::cuda::dnn::version(old), "8.9.7");
}

// A library that computes something else is found out at the shape's first call and never asked again.
TEST_F(LaneCudnn, IsNotBelievedWhereItIsWrong) {
    const auto b = backend();
    for (std::size_t pass = 0; pass < 3; ++pass) {
        twin::spoil(passes[pass]);
        ConvGeometry g = plain;
        g.batch = 4 + static_cast<std::int64_t>(pass);
        const Convolutions convolutions(g);
        const auto before = calls();
        for (const bool add : {false, true, false}) convolutions.expect_right(convolutions.on(*b, add), add);
        EXPECT_EQ(calls()[pass] - before[pass], 1) << passes[pass];
    }
    EXPECT_THAT(notes(), ElementsAre("convolutions are computed without cuDNN: its result is not that of unrolled windows (forward of [4, 7x6, 4 -> 5], kernel 3x3, "
                                     "stride 1x1, groups 1, and 5 more)"));
}

TEST_F(LaneCudnn, IsJudgedByWhatCanTell) {
    const auto b = backend();
    const Convolutions nothing(plain, 0.0), something(plain);
    for (const char* pass : passes) twin::spoil(pass);
    nothing.expect_right(nothing.on(*b, false), false);   // all zero, of which a wrong result is no worse: the shape stays open
    EXPECT_THAT(notes(), IsEmpty());
    something.expect_right(something.on(*b, false), false);
    EXPECT_THAT(notes(), ElementsAre(HasSubstr("and 2 more")));
    EXPECT_THAT(calls(), ElementsAre(2, 2, 2));
}

TEST_F(LaneCudnn, MayRoundFactorsOnlyWhereTf32IsAsked) {
    const Convolutions convolutions(plain);
    const auto exact = backend(false)->lane(), rounded = backend(true)->lane();
    convolutions.expect_right(convolutions.on(*exact, false), false);
    const auto found = convolutions.on(*rounded, false);
    convolutions.expect_right(found, false, 3e-3);
    EXPECT_GT(distance(found[0], convolutions.by_loops(false)[0]), 1e-5) << "the twin rounds factors unless told otherwise";
    EXPECT_THAT(calls(), ElementsAre(2, 2, 2));
    EXPECT_THAT(notes(), IsEmpty()) << "both agree within what they promise";
}

TEST_F(LaneCudnn, KeepsToTheWorkspace) {
    const auto b = backend(false, 1000);   // its algorithms want 512 bytes and four kernels
    const Convolutions convolutions(plain);
    const auto found = convolutions.on(*b, false);
    convolutions.expect_right(found, false);
    // Forward has one that needs none.
    EXPECT_THAT(calls(), ElementsAre(1, 0, 0));
    EXPECT_THAT(notes(), ElementsAre(HasSubstr("none of its algorithms adds in a fixed order within the workspace (backward by inputs of")));
}

// Each of its functions fails once, at each of its first calls: the values are right, and no error reaches anybody.
TEST_F(LaneCudnn, IsNoReasonToFail) {
    const Convolutions convolutions(plain);
    (void)convolutions.on(*backend(), false);
    const auto all = twin::calls();
    int failures = 0, noted = 0;
    for (const auto& [function, count] : all) {
        if (!function.starts_with("cudnn") || function == "cudnnGetVersion") continue;
        for (int nth = 1; nth <= count; ++nth, ++failures) {
            SCOPED_TRACE(function + ", call " + std::to_string(nth));
            twin::restart(std::vector<twin::Device>(static_cast<std::size_t>(device) + 1));
            twin::fail(function, 5000, nth);
            auto b = backend();
            const auto before = notes();
            for (const bool add : {false, true}) convolutions.expect_right(convolutions.on(*b, add), add);
            noted += notes() != before;
            b.reset();
            if (function.find("Destroy") == std::string::npos) {
                EXPECT_THAT(twin::leaks(), IsEmpty());
            }
            EXPECT_THAT(twin::take_faults(), IsEmpty());
        }
    }
    EXPECT_GT(failures, 30);
    EXPECT_GT(noted, 15);
    EXPECT_THAT(notes(), Contains(HasSubstr("cuDNN is not used: cudnnCreate answers CUDNN_STATUS_EXECUTION_FAILED")));
    EXPECT_THAT(notes(), Contains(HasSubstr("cudnnConvolutionBackwardData answers CUDNN_STATUS_EXECUTION_FAILED (backward by inputs of")));
    twin::restart();
}

TEST_F(LaneCudnn, LeavesADevicesOwnErrorsToTheDevice) {
    const Convolutions convolutions(plain);
    auto b = backend();
    (void)convolutions.on(*b, false);
    twin::break_device_after(0);
    const Error error = refusal([&] { (void)convolutions.on(*b, false); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("can use the device no more"));
    EXPECT_THAT(notes(), IsEmpty());
    b.reset();
    twin::restart();   // of such a device nothing can be given back
}

// What was computed while others held the device and what is computed later have the same bits.
TEST_F(LaneCudnn, LearnsNothingFromAFullDevice) {
    // What the unrolled windows need beside the arrays is little; cuDNN's copies of them are not there.
    ConvGeometry g = geometry({130, 3, 1, 1, 0, 2}, {130, 3, 1, 1, 0, 2}, 8, 8, 1);
    g.batch = 4;
    const std::size_t array = 4 * 130 * 130 * 8 * sizeof(float);
    std::vector<twin::Device> devices(static_cast<std::size_t>(device) + 1);
    devices.back().memory = (std::size_t{34} << 20) + 4 * array + array / 2;
    twin::restart(devices);
    const auto b = backend(false, 1 << 16);
    const engine::Buffer x = b->from_host(normals(array / 4, 1), DType::float32), w = b->from_host(normals(9 * 64, 2), DType::float32);
    engine::Buffer y = b->allocate(DType::float32, array / 4);
    {
        const engine::Buffer held = b->allocate(DType::float32, array / 4);
        EXPECT_THROW(b->conv_forward(g, x.const_view(), w.const_view(), y.view(), false), DeviceMemoryError);
    }
    const auto before = calls();
    b->conv_forward(g, x.const_view(), w.const_view(), y.view(), false);
    EXPECT_EQ(calls()[0] - before[0], 1) << "the shape is not refused";
    EXPECT_THAT(notes(), IsEmpty());
}

}  // namespace
}  // namespace assay::test
