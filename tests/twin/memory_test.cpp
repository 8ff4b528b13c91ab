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
    EXPECT_THAT(error.what(), HasSubstr("--memory bounds what is taken here"));
    EXPECT_EQ(refusal([&] { (void)b->allocate(DType::float64, std::size_t{1} << 50); }).kind(), ErrorKind::resource);
    EXPECT_EQ(refusal([&] { (void)b->allocate(DType::float64, std::size_t{1} << 44); }).kind(), ErrorKind::resource);
    EXPECT_NO_THROW((void)b->allocate(DType::float64, 10 * mebibyte));
}

TEST(LaneMemory, ThePeakIsWhatWasHeldAtATime) {
    twin::restart(std::vector<twin::Device>(41));
    const int device = 40;   // no other test uses it
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
    struct Case { std::size_t memory, asked; int sharing; std::size_t expected; };
    for (const Case& c : {Case{81559 * mebibyte, 0, 1, 64 * gibibyte}, Case{64 * gibibyte, 0, 1, 64 * gibibyte}, Case{24 * gibibyte - 1, 0, 1, 16 * gibibyte},
                          Case{600 * mebibyte, 0, 1, 512 * mebibyte}, Case{81559 * mebibyte, 0, 4, 16 * gibibyte}, Case{81559 * mebibyte, gibibyte, 4, gibibyte},
                          Case{8 * gibibyte, 64 * gibibyte, 1, 8 * gibibyte}}) {
        // What others hold is no reason for other micro-batches: results would depend on it.
        twin::restart({{.memory = c.memory, .taken = c.memory / 2}});
        const auto b = engine::cuda::make_cuda_backend({.memory = c.asked, .sharing = c.sharing});
        const engine::MicroBatches found = b->micro_batches();
        EXPECT_EQ(found.touched, c.expected / 64);
        EXPECT_EQ(found.whole, c.expected / 8);
        EXPECT_EQ(found.derivatives, c.expected / 2);
        EXPECT_EQ(found.least, 256);
        EXPECT_EQ(found.most, 65536);
        b->halve_micro_batches(3);
        EXPECT_EQ(b->lane()->micro_batches().whole, c.expected / 64) << "all lanes of the device";
        EXPECT_EQ(b->micro_batches().derivatives, c.expected / 16);
        EXPECT_EQ(b->micro_batches().least, 32);
        b->halve_micro_batches(0);
        EXPECT_EQ(b->micro_batches().whole, c.expected / 8);
    }
}

TEST(LaneMemory, WhatAnIdleLaneHoldsServesOthers) {
    twin::restart({{.memory = 1024 * mebibyte}});
    const auto first = backend(), second = backend();
    { const Buffer gone = first->allocate(DType::float32, 200 * mebibyte); }
    EXPECT_THROW((void)second->allocate(DType::float32, 200 * mebibyte), DeviceMemoryError) << "it lies in the first one's pool";
    first->give_back_memory();
    EXPECT_NO_THROW((void)second->allocate(DType::float32, 200 * mebibyte));
    EXPECT_EQ(twin::calls()["cudaMemPoolTrimTo"], 2);
}

TEST(Lane, EndsOnItsOwnDeviceFromAnyOther) {
    twin::restart(std::vector<twin::Device>(2));
    auto b = backend(1);
    Buffer matrices = b->from_host(std::vector<double>{2, 1, 1, 2, 2, 1, 1, 2}, DType::float64), values = b->zeros(DType::float64, 4);
    b->symmetric_eigenvalues(2, 2, matrices.view(), values.view());   // makes the solver's handle
    matrices = {}, values = {};
    ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
    b.reset();   // the listener hears of handles that were destroyed elsewhere
    int current = -1;
    ASSERT_EQ(cudaGetDevice(&current), cudaSuccess);
    EXPECT_EQ(current, 0) << "the caller's device stays";
}

}  // namespace
}  // namespace assay::test
