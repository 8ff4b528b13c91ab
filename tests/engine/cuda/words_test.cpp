// Words and kinds for what CUDA and its libraries answer; nothing here needs a device.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/check.hpp"
#include "libanalysis/engine/cuda/devices.hpp"
#include "libanalysis/engine/cuda/libraries.hpp"
#include "tests/support/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::engine::cuda {
namespace {

using testing::HasSubstr;
using testing::Not;

template <class Result>
Error refusal(Result result) {
    return test::refusal([&] { check(result, "theCall"); });
}

TEST(CudaCheck, LetsSuccessPass) {
    EXPECT_NO_THROW(check(cudaSuccess, "theCall"));
    EXPECT_NO_THROW(check(CUBLAS_STATUS_SUCCESS, "theCall"));
    EXPECT_NO_THROW(check(CUSOLVER_STATUS_SUCCESS, "theCall"));
}

TEST(CudaCheck, NamesTheCallAndTheError) {
    const Error error = refusal(cudaErrorInvalidConfiguration);
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("theCall"));
    EXPECT_THAT(error.what(), HasSubstr("cudaErrorInvalidConfiguration"));
    EXPECT_THAT(error.what(), Not(HasSubstr("no more")));
}

TEST(CudaCheck, MemoryThatIsNotThereIsAResource) {
    EXPECT_EQ(refusal(cudaErrorMemoryAllocation).kind(), ErrorKind::resource);
    EXPECT_EQ(refusal(CUBLAS_STATUS_ALLOC_FAILED).kind(), ErrorKind::resource);
    EXPECT_EQ(refusal(CUSOLVER_STATUS_ALLOC_FAILED).kind(), ErrorKind::resource);
}

TEST(CudaCheck, AfterAStickyErrorTheDeviceIsLostToTheProcess) {
    for (const cudaError_t sticky : {cudaErrorIllegalAddress, cudaErrorLaunchFailure, cudaErrorMisalignedAddress, cudaErrorECCUncorrectable}) {
        const Error error = refusal(sticky);
        EXPECT_EQ(error.kind(), ErrorKind::unavailable);
        EXPECT_THAT(error.what(), HasSubstr("can use the device no more"));
    }
}

TEST(CudaCheck, AWrongArgumentOfALibraryIsADefectOfOurs) {
    const Error error = refusal(CUBLAS_STATUS_INVALID_VALUE);
    EXPECT_EQ(error.kind(), ErrorKind::internal);
    EXPECT_THAT(error.what(), HasSubstr("CUBLAS_STATUS_INVALID_VALUE (7)"));
    EXPECT_EQ(refusal(CUSOLVER_STATUS_INVALID_VALUE).kind(), ErrorKind::internal);
    EXPECT_EQ(refusal(CUBLAS_STATUS_ARCH_MISMATCH).kind(), ErrorKind::unavailable);
}

TEST(CudaDevices, MachineCodeServesItsMajorVersionAndTheLastOfTheListWhatIsYounger) {
    EXPECT_TRUE(runs_on("90", 9, 0));
    EXPECT_FALSE(runs_on("90", 8, 9));
    EXPECT_TRUE(runs_on("90", 10, 0));         // translated by the driver
    EXPECT_TRUE(runs_on("80, 90", 8, 6));      // 8.0 runs on 8.6
    EXPECT_FALSE(runs_on("86, 90", 8, 0));     // 8.6 does not run on 8.0
    EXPECT_FALSE(runs_on("75, 80, 86", 7, 0));
    EXPECT_TRUE(runs_on("75, 80, 86", 12, 0));
    EXPECT_FALSE(runs_on("75, 120", 10, 0));   // 7.5 has machine code alone, 12.0 is younger
    EXPECT_TRUE(runs_on("75, 120", 12, 1));
    EXPECT_FALSE(runs_on("", 9, 0));
}

TEST(CudaDevices, VersionsReadAsPeopleWriteThem) {
    EXPECT_EQ(cuda_version(13000), "13.0");
    EXPECT_EQ(cuda_version(12080), "12.8");
}

}  // namespace
}  // namespace assay::engine::cuda
