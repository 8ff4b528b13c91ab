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

TEST(LaneErrors, OfALibraryAreNamed) {
    const auto b = backend();
    Buffer x = b->zeros(DType::float64, 4), y = b->zeros(DType::float64, 4);
    twin::fail("cublasDgemm_v2", CUBLAS_STATUS_EXECUTION_FAILED);
    const Error error = refusal([&] { b->gemm(false, false, 2, 2, 2, 1, x.const_view(), 2, x.const_view(), 2, 0, y.view(), 2); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("cublasDgemm"));
    EXPECT_THAT(error.what(), HasSubstr("CUBLAS_STATUS_EXECUTION_FAILED"));
}

}  // namespace
}  // namespace assay::test
