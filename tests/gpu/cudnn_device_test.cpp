// cuDNN beside unrolled windows: that it is used, agrees, gives the same bits again, and keeps to float32 unless told otherwise. Runs on a
// device, and on the host twin, where it shows that the test itself is right.

#include "libanalysis/engine/cuda/cuda.hpp"
#include "tests/engine/backend/convolutions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace assay::test {
namespace {

using engine::Backend;

int device() {
    const char* const named = std::getenv("ASSAY_CUDA_DEVICE");
    return named ? std::atoi(named) : 0;
}

class DeviceCudnn : public testing::Test {
protected:
    void SetUp() override {
        if (const std::string reason = engine::cuda::status().cudnn_reason; !reason.empty()) GTEST_SKIP() << reason;
    }
    static std::unique_ptr<Backend> backend(bool cudnn, bool tf32 = false) { return engine::cuda::make_cuda_backend({.device = device(), .tf32 = tf32, .cudnn = cudnn}); }
};

TEST_F(DeviceCudnn, AgreesWithUnrolledWindowsAtEveryShape) {
    const auto with = backend(true), without = backend(false);
    for (const engine::ConvGeometry& g : library_shapes) {
        const Convolutions convolutions(g);
        for (const bool add : {false, true}) {
            const auto found = convolutions.on(*with, add), unrolled = convolutions.on(*without, add);
            convolutions.expect_right(found, add);
            convolutions.expect_right(unrolled, add);
            for (const std::size_t offset : {0, 1, 3}) EXPECT_EQ(convolutions.on(*with, add, offset), found) << "the same bits, when judged and after, wherever arrays begin";
        }
    }
}

// A shape that the library has no suitable algorithm for is no failure; that none of them has one is.
TEST_F(DeviceCudnn, IsUsed) {
    const std::size_t before = engine::cuda::notes(device()).size();
    const auto b = backend(true);
    const Convolutions convolutions(library_shapes.front());
    convolutions.expect_right(convolutions.on(*b, false), false);
    EXPECT_EQ(engine::cuda::notes(device()).size(), before) << testing::PrintToString(engine::cuda::notes(device()));
}

TEST_F(DeviceCudnn, RoundsFactorsOnlyWhereItMay) {
    const auto exact = backend(true), rounded = backend(true, true);
    const Convolutions convolutions(library_shapes.front());
    convolutions.expect_right(convolutions.on(*exact, false), false);
    convolutions.expect_right(convolutions.on(*rounded, false), false, 3e-3);
}

}  // namespace
}  // namespace assay::test
