// What is said of machines that cannot compute, and of a device that breaks.

#include "tests/twin/lane_support.hpp"

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace assay::test {
namespace {

using engine::Buffer;
using engine::DType;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LaneStatus, NamesTheDevices) {
    twin::restart({{.name = "First"}, {.name = "Second", .memory = 1000, .major = 9, .minor = 1, .processors = 7}});
    const engine::cuda::Status found = engine::cuda::status();
    EXPECT_THAT(found.reason, IsEmpty());
    ASSERT_EQ(found.devices.size(), 2u);
    const engine::cuda::Device& second = found.devices[1];
    EXPECT_EQ(second.index, 1);
    EXPECT_EQ(second.name, "Second");
    EXPECT_EQ(second.bus, "0000:02:00.0");
    EXPECT_EQ(second.uuid, "GPU-01112131-4151-6171-8191-a1b1c1d1e1f1");
    EXPECT_EQ(std::pair(second.major, second.minor), std::pair(9, 1));
    EXPECT_EQ(second.processors, 7);
    EXPECT_EQ(second.memory, 1000u);
    EXPECT_EQ(second.free, 1000u);
    EXPECT_THAT(engine::cuda::description(1), testing::StartsWith("Second (9.1), driver " + found.built + ", runtime " + found.built + ", cuBLAS "));
    int current = -1;
    EXPECT_EQ(cudaGetDevice(&current), cudaSuccess);
    EXPECT_EQ(current, 0) << "the caller's device stays";
}

TEST(LaneStatus, ComesToNoDeviceThatItIsNotAskedFor) {
    twin::restart({{.memory = 1000}, {.memory = 2000}, {.memory = 3000}});
    const auto free_of = [](const engine::cuda::Status& found) {
        std::vector<std::size_t> free;
        for (const engine::cuda::Device& device : found.devices) free.push_back(device.free);
        return free;
    };
    EXPECT_THAT(free_of(engine::cuda::status(std::vector<int>{})), testing::ElementsAre(0, 0, 0));
    EXPECT_EQ(twin::calls()["cudaSetDevice"] + twin::calls()["cudaMemGetInfo"], 0);
    EXPECT_THAT(free_of(engine::cuda::status(std::vector<int>{1, 7})), testing::ElementsAre(0, 2000, 0));
    EXPECT_EQ(twin::calls()["cudaMemGetInfo"], 1);
    EXPECT_THAT(free_of(engine::cuda::status()), testing::ElementsAre(1000, 2000, 3000));
}

TEST(LaneStatus, SaysWhyNothingCanBeComputed) {
    struct Machine { std::vector<twin::Device> devices; int driver; const char* words; };
    for (const Machine& machine : {Machine{{{}}, 0, "No NVIDIA driver"}, Machine{{{}}, 11080, "too old: it knows CUDA 11.8"},
                                   Machine{{}, CUDART_VERSION, "shows no device"}, Machine{{{.major = 1, .minor = 3}}, CUDART_VERSION, "compute capability 1.3"},
                                   Machine{{{.pools = false}}, CUDART_VERSION, "no memory pools"}}) {
        twin::restart(machine.devices, machine.driver);
        EXPECT_THAT(engine::cuda::status().reason, HasSubstr(machine.words));
        const Error error = refusal([] { backend(); });
        EXPECT_EQ(error.kind(), ErrorKind::unavailable);
        EXPECT_THAT(error.what(), HasSubstr(machine.words));
    }
}

TEST(LaneStatus, MentionsTheVariableThatHidesDevices) {
    twin::restart({});
    ASSERT_EQ(setenv("CUDA_VISIBLE_DEVICES", "3", 1), 0);
    EXPECT_THAT(engine::cuda::status().reason, HasSubstr("CUDA_VISIBLE_DEVICES is \"3\""));
    ASSERT_EQ(unsetenv("CUDA_VISIBLE_DEVICES"), 0);
}

TEST(LaneStatus, OneUsableDeviceIsEnough) {
    twin::restart({{.major = 1}, {}});
    EXPECT_THAT(engine::cuda::status().reason, IsEmpty());
    EXPECT_EQ(refusal([] { backend(0); }).kind(), ErrorKind::unavailable);
    EXPECT_NO_THROW(backend(1));
}

TEST(LaneErrors, ABrokenDeviceIsLostToTheProcess) {
    auto b = backend();
    Buffer x = b->zeros(DType::float32, 4);
    b->synchronize();
    twin::break_device_after(0);
    b->scale(2, x.view());   // put on the stream, and nobody has waited yet
    for (int again = 0; again < 2; ++again) {
        const Error error = refusal([&] { b->synchronize(); });
        EXPECT_EQ(error.kind(), ErrorKind::unavailable);
        EXPECT_THAT(error.what(), HasSubstr("can use the device no more"));
    }
    EXPECT_EQ(refusal([&] { b->gemm(false, false, 2, 2, 2, 1, x.const_view(), 2, x.const_view(), 2, 0, x.view(), 2); }).kind(), ErrorKind::unavailable);
    EXPECT_THAT(engine::cuda::status().reason, HasSubstr("cudaErrorIllegalAddress"));
    x = {};
    b.reset();
    twin::restart();   // of such a device nothing can be given back
}

// A library has its own instance of the runtime: what it met is no last error of ours, and the device has to be asked.
TEST(LaneErrors, ABrokenDeviceIsToldFromALibrarysWords) {
    for (const cudaError_t cause : {cudaErrorIllegalAddress, cudaErrorLaunchFailure, static_cast<cudaError_t>(226), static_cast<cudaError_t>(721), cudaErrorMpsClientTerminated}) {
        twin::restart();
        auto b = backend();
        Buffer x = b->zeros(DType::float32, 4), y = b->zeros(DType::float32, 4);
        b->synchronize();
        twin::break_device_after(0, cause);
        b->scale(2, x.view());   // breaks when somebody waits
        twin::fail("cublasSgemm_v2", CUBLAS_STATUS_EXECUTION_FAILED);
        const Error error = refusal([&] { b->gemm(false, false, 2, 2, 2, 1, x.const_view(), 2, x.const_view(), 2, 0, y.view(), 2); });
        EXPECT_EQ(error.kind(), ErrorKind::unavailable);
        EXPECT_THAT(error.what(), HasSubstr("cublasSgemm"));
        EXPECT_THAT(error.what(), HasSubstr("can use the device no more")) << "error " << cause;
        x = {}, y = {};
        b.reset();
    }
    twin::restart();   // of such a device nothing can be given back
}

TEST(LaneErrors, OfALibraryAreNamed) {
    const auto b = backend();
    Buffer x = b->zeros(DType::float64, 4), y = b->zeros(DType::float64, 4);
    twin::fail("cublasDgemm_v2", CUBLAS_STATUS_EXECUTION_FAILED);
    const Error error = refusal([&] { b->gemm(false, false, 2, 2, 2, 1, x.const_view(), 2, x.const_view(), 2, 0, y.view(), 2); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("cublasDgemm"));
    EXPECT_THAT(error.what(), HasSubstr("CUBLAS_STATUS_EXECUTION_FAILED"));
}

TEST(LaneErrors, ADecompositionThatDoesNotConvergeIsTold) {
    const auto b = backend();
    for (const auto& [count, function] : {std::pair{1, "cusolverDnDsyevd"}, std::pair{2, "cusolverDnDsyevjBatched"}}) {
        Buffer matrices = b->from_host(std::vector<double>{2, 1, 1, 2, 2, 1, 1, 2}, DType::float64), values = b->zeros(DType::float64, 4);
        twin::spoil(function);
        b->symmetric_eigenvalues(2, count, matrices.view(), values.view());
        const Error error = refusal([&] { (void)b->to_host(values.const_view()); });
        EXPECT_EQ(error.kind(), ErrorKind::data);
        EXPECT_THAT(error.what(), HasSubstr("eigenvalues of a symmetric matrix: expected a convergent decomposition"));
        EXPECT_EQ(b->to_host(matrices.const_view()).size(), 8u) << "told once";
    }
}

}  // namespace
}  // namespace assay::test
