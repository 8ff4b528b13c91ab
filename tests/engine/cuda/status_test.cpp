// What a program says of CUDA on whatever machine the tests run: built with it or without, with a device or without.

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/version.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"
#include "tests/support/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::engine::cuda {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(CudaStatus, IsBuiltWithTheToolkitThatTheVersionNames) {
    const Status found = status();
    EXPECT_EQ(found.built.empty(), version_info().cuda.empty());
    EXPECT_THAT(version_info().cuda, StartsWith(found.built));
    EXPECT_EQ(found.architectures.empty(), found.built.empty());
    EXPECT_EQ(found.runtime, found.built);   // linked statically: it is the toolkit's
}

TEST(CudaStatus, SaysWhyNoDeviceCanBeUsedAsASentence) {
    const Status found = status();
    if (found.devices.empty()) {
        EXPECT_THAT(found.reason, EndsWith("."));
    }
    if (found.built.empty()) {
        EXPECT_THAT(found.reason, HasSubstr("-DASSAY_CUDA=ON"));
    } else if (found.driver.empty()) {
        EXPECT_THAT(found.reason, HasSubstr("No NVIDIA driver"));
    }
    for (const Device& device : found.devices) {
        EXPECT_FALSE(device.name.empty());
        EXPECT_THAT(device.uuid, StartsWith("GPU-"));
        EXPECT_GT(device.memory, 0u);
        EXPECT_LE(device.free, device.memory);
    }
}

TEST(CudaStatus, ABackendExistsExactlyWhereNoReasonIsGiven) {
    const Status found = status();
    if (found.reason.empty()) {
        const std::unique_ptr<Backend> backend = make_cuda_backend({.device = found.devices.front().index});
        EXPECT_EQ(backend->device(), "cuda:" + std::to_string(found.devices.front().index));
        EXPECT_GT(peak_bytes(found.devices.front().index), 0u);
    } else {
        const Error error = test::refusal([] { make_cuda_backend({}); });
        EXPECT_EQ(error.kind(), ErrorKind::unavailable) << error.what();
        if (!found.built.empty() && found.devices.empty()) {
            EXPECT_THAT(error.what(), HasSubstr(found.reason));
        }
        EXPECT_EQ(peak_bytes(0), 0u);
    }
}

TEST(CudaStatus, ADeviceThatIsNotThereIsUnavailable) {
    for (const int index : {-1, 4096}) {
        EXPECT_EQ(test::refusal([&] { make_cuda_backend({.device = index}); }).kind(), ErrorKind::unavailable);
        EXPECT_EQ(test::refusal([&] { description(index); }).kind(), ErrorKind::unavailable);
    }
}

}  // namespace
}  // namespace assay::engine::cuda
