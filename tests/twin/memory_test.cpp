// Memory of the device: what is kept, what is given back, what is said when there is none; and a lane's place on its device.

#include "tests/twin/lane_support.hpp"

#include <thread>
#include <vector>

namespace assay::test {
namespace {

using engine::Buffer;
using engine::DType;
using testing::HasSubstr;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

TEST(LaneMemory, ABufferMayOutliveItsBackend) {
    auto b = backend();
    Buffer left = b->from_host(std::vector<double>(1000, 3.0), DType::float64);
    b.reset();
    left = {};   // the listener finds what was left
}

TEST(LaneMemory, FreedMemoryServesTheNextWithoutTheDriver) {
    twin::restart({{.memory = 256 * mebibyte}});
    const auto b = backend();
    for (int i = 0; i < 100; ++i) (void)b->allocate(DType::float32, 40 * mebibyte);
    EXPECT_EQ(twin::calls()["cudaMemPoolTrimTo"], 0);
    EXPECT_EQ(twin::calls()["cudaStreamSynchronize"], 0);
}

TEST(LaneMemory, WhatLiesFreeInThePoolIsGivenBackBeforeThereIsNone) {
    twin::restart({{.memory = 256 * mebibyte}});
    const auto b = backend();
    { const Buffer held = b->allocate(DType::float32, 1); }
    twin::fail("cudaMallocFromPoolAsync", cudaErrorMemoryAllocation);
    Buffer x = b->zeros(DType::float32, 10);
    EXPECT_EQ(twin::calls()["cudaMemPoolTrimTo"], 1);
    EXPECT_EQ(b->to_host(x.const_view()), std::vector<double>(10, 0.0)) << "and no error of the first try is left behind";
}

TEST(LaneMemory, TheMessageSaysHowMuchWasAskedAndHowMuchThereIs) {
    twin::restart({{.memory = 256 * mebibyte}});
    const auto b = backend();
    const Buffer held = b->allocate(DType::float64, 10 * mebibyte);
    const Error error = refusal([&] { (void)b->allocate(DType::float64, 20 * mebibyte); });
    EXPECT_EQ(error.kind(), ErrorKind::resource);
    EXPECT_THAT(error.what(), HasSubstr("memory of cuda:0: expected 160 MiB more"));
    EXPECT_THAT(error.what(), HasSubstr("of 256 MiB, of which this process holds 113 MiB"));   // with the products' workspace
    EXPECT_THAT(error.what(), HasSubstr("--memory"));
    EXPECT_EQ(refusal([&] { (void)b->allocate(DType::float64, std::size_t{1} << 50); }).kind(), ErrorKind::resource);
    EXPECT_EQ(refusal([&] { (void)b->allocate(DType::float64, std::size_t{1} << 44); }).kind(), ErrorKind::resource);
    EXPECT_NO_THROW((void)b->allocate(DType::float64, 10 * mebibyte));
}

TEST(LaneMemory, ThePeakIsWhatWasHeldAtATime) {
    twin::restart(std::vector<twin::Device>(7));
    const int device = 6;   // no other test uses it
    EXPECT_EQ(engine::cuda::peak_bytes(device), 0u);
    const auto b = backend(device);
    const std::size_t without = engine::cuda::peak_bytes(device);
    { const Buffer first = b->allocate(DType::float32, 1000), second = b->allocate(DType::float64, 1000); }
    { const Buffer third = b->allocate(DType::float64, 1200); }
    EXPECT_EQ(engine::cuda::peak_bytes(device), without + 12000);
    EXPECT_EQ(engine::cuda::peak_bytes(device), twin::peak(device));
}

TEST(LaneMemory, AFailureWhileABackendIsMadeLeavesNothing) {
    for (const char* function : {"cudaMemPoolCreate", "cudaMemPoolSetAttribute", "cudaStreamCreateWithFlags", "cudaMallocHost", "cudaEventCreateWithFlags",
                                 "cudaMallocFromPoolAsync", "cudaMemsetAsync", "cudaSetDevice"}) {
        twin::restart(std::vector<twin::Device>(2));
        twin::fail(function, cudaErrorInvalidValue);
        const Error error = refusal([] { backend(1); });
        EXPECT_EQ(error.kind(), ErrorKind::unavailable) << function;
        EXPECT_THAT(error.what(), HasSubstr("cudaErrorInvalidValue")) << function;
        EXPECT_THAT(twin::leaks(), testing::IsEmpty()) << function;
    }
    for (const char* function : {"cublasCreate_v2", "cublasSetStream_v2", "cublasSetWorkspace_v2", "cublasSetPointerMode_v2", "cublasSetMathMode"}) {
        twin::restart();
        twin::fail(function, CUBLAS_STATUS_ALLOC_FAILED);
        EXPECT_EQ(refusal([] { backend(); }).kind(), ErrorKind::resource) << function;
        EXPECT_THAT(twin::leaks(), testing::IsEmpty()) << function;
    }
}

TEST(Lane, WorksOnItsDeviceFromAnyThread) {
    twin::restart(std::vector<twin::Device>(2));
    const auto b = backend(1);
    EXPECT_EQ(b->device(), "cuda:1");
    Buffer a = b->from_host(std::vector<double>{1, 2, 3, 4}, DType::float32), c = b->allocate(DType::float32, 4);
    // A thread begins with device 0: each of the lane's ways to the device is the first call of one.
    std::thread([&] { b->lane()->gemm(false, false, 2, 2, 2, 1, a.const_view(), 2, a.const_view(), 2, 0, c.view(), 2); }).join();
    std::thread([&] { b->lane()->scale(2, c.view()); }).join();
    std::vector<double> product;
    std::thread([&] { product = b->lane()->to_host(c.const_view()); }).join();
    EXPECT_EQ(product, (std::vector<double>{14, 20, 30, 44}));
    std::thread([&] { c = b->lane()->zeros(DType::float32, 4); }).join();   // and gives the other back
    EXPECT_EQ(b->to_host(c.const_view()), std::vector<double>(4, 0.0));
}

TEST(Lane, MicroBatchesFollowTheClassOfTheDevice) {
    constexpr std::size_t gibibyte = std::size_t{1} << 30;
    for (const auto& [memory, size_class] : {std::pair{81559 * mebibyte, 64 * gibibyte}, std::pair{64 * gibibyte, 64 * gibibyte},
                                             std::pair{24 * gibibyte - 1, 16 * gibibyte}, std::pair{600 * mebibyte, gibibyte}}) {
        twin::restart({{.memory = memory}});
        const engine::MicroBatches found = backend()->micro_batches();
        EXPECT_EQ(found.touched, size_class / 64);
        EXPECT_EQ(found.whole, size_class / 8);
        EXPECT_EQ(found.least, 256);
        EXPECT_EQ(found.most, 65536);
    }
}

}  // namespace
}  // namespace assay::test
