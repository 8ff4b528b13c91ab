// The twin's runtime finds each kind of misuse: for every rule one program that breaks it.

#include "tests/twin/raw_device.hpp"
#include "tests/twin/sanitizer.hpp"

#include <cmath>
#include <cstring>
#include <thread>

namespace assay::test {
namespace {

using engine::cuda::run_on_twin;
using testing::ElementsAre;
using testing::IsEmpty;

// ---- order ----

TEST(TwinStreams, WorkRunsWhenSomebodyWaits) {
    RawDevice d;
    bool ran = false;
    run_on_twin(d.stream, [&] { ran = true; });
    EXPECT_FALSE(ran);
    d.wait();
    EXPECT_TRUE(ran);
    EXPECT_EQ(twin::launches(), 1u);
}

TEST(TwinStreams, AnEventWaitsForWhatWasThereWhenItWasRecorded) {
    RawDevice d;
    cudaEvent_t event = nullptr;
    EXPECT_CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    EXPECT_CUDA(cudaEventSynchronize(event)) << "never recorded: nothing to wait for";
    std::vector<int> ran;
    run_on_twin(d.stream, [&] { ran.push_back(1); });
    EXPECT_CUDA(cudaEventRecord(event, d.stream));
    run_on_twin(d.stream, [&] { ran.push_back(2); });
    EXPECT_CUDA(cudaEventSynchronize(event));
    EXPECT_THAT(ran, ElementsAre(1));
    EXPECT_CUDA(cudaEventRecord(event, d.stream));
    EXPECT_CUDA(cudaEventSynchronize(event));
    EXPECT_THAT(ran, ElementsAre(1, 2));
    EXPECT_CUDA(cudaEventDestroy(event));
}

TEST(TwinStreams, AreInOrderEachForItself) {
    RawDevice first, second;
    std::vector<int> ran;
    run_on_twin(first.stream, [&] { ran.push_back(1); });
    run_on_twin(second.stream, [&] { ran.push_back(2); });
    second.wait();
    EXPECT_THAT(ran, ElementsAre(2));
    first.wait();
    EXPECT_THAT(ran, ElementsAre(2, 1));
}

TEST(TwinStreams, WorkOfADestroyedStreamRunsAsLateAsItCan) {
    bool ran = false;
    cudaStream_t stream = nullptr;
    EXPECT_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    run_on_twin(stream, [&] { ran = true; });
    EXPECT_CUDA(cudaStreamDestroy(stream));
    EXPECT_FALSE(ran);
    EXPECT_THAT(twin::leaks(), IsEmpty());
    EXPECT_TRUE(ran);
}

TEST(TwinStreams, TheDefaultStreamIsAFault) {
    EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaErrorInvalidResourceHandle);
    expect_fault("cudaStreamSynchronize: the default stream; every call names a stream of its own");
    EXPECT_EQ(cudaStreamSynchronize(cudaStreamLegacy), cudaErrorInvalidResourceHandle);
    expect_fault("cudaStreamSynchronize: the default stream; every call names a stream of its own");
}

TEST(TwinStreams, DestroyedOnesAndEventsAreKnown) {
    cudaStream_t stream = nullptr;
    EXPECT_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    EXPECT_CUDA(cudaStreamDestroy(stream));
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
    expect_fault("cudaStreamSynchronize: a stream that is none, or was destroyed");
    cudaEvent_t event = nullptr;
    EXPECT_CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    EXPECT_CUDA(cudaEventDestroy(event));
    EXPECT_EQ(cudaEventSynchronize(event), cudaErrorInvalidResourceHandle);
    expect_fault("cudaEventSynchronize: an event that is none, or was destroyed");
}

// ---- copies ----

TEST(TwinCopies, MoveValuesBothWays) {
    RawDevice d;
    float* const there = d.put<float>({1, 2, 3});
    EXPECT_THAT(d.get(there, 3), ElementsAre(1, 2, 3));
}

TEST(TwinCopies, AMissingWaitReadsNothing) {
    RawDevice d;
    double* const there = d.put<double>({1, 2});
    double* const host = d.pin<double>(2);
    host[0] = host[1] = 7;
    EXPECT_CUDA(cudaMemcpyAsync(host, there, 2 * sizeof(double), cudaMemcpyDeviceToHost, d.stream));
    EXPECT_TRUE(std::isnan(host[0]) && std::isnan(host[1])) << "neither the old values nor the new ones";
    d.wait();
    EXPECT_EQ(host[0], 1);
}

TEST(TwinCopies, PinnedMemoryThatIsUsedAgainTooEarlyCopiesTheNewValues) {
    RawDevice d;
    float* const host = d.pin<float>(1);
    float* const there = d.allocate<float>(1);
    host[0] = 1;
    EXPECT_CUDA(cudaMemcpyAsync(there, host, sizeof(float), cudaMemcpyHostToDevice, d.stream));
    host[0] = 2;
    EXPECT_THAT(d.get(there, 1), ElementsAre(2)) << "the copy reads when it runs";
}

TEST(TwinCopies, ACopyBackDoesNotSpoilACopyThatWaitsBeforeIt) {
    RawDevice d;
    float* const host = d.pin<float>(1);
    float* const there = d.allocate<float>(1);
    host[0] = 3;
    EXPECT_CUDA(cudaMemcpyAsync(there, host, sizeof(float), cudaMemcpyHostToDevice, d.stream));
    EXPECT_CUDA(cudaMemcpyAsync(host, there, sizeof(float), cudaMemcpyDeviceToHost, d.stream));
    d.wait();
    EXPECT_EQ(host[0], 3);
}

TEST(TwinCopies, PageableMemoryIsAFault) {
    RawDevice d;
    std::vector<float> host(4, 1.0f);
    float* const there = d.allocate<float>(4);
    (void)cudaMemcpyAsync(there, host.data(), 16, cudaMemcpyHostToDevice, d.stream);
    expect_fault("cudaMemcpyAsync: memory of the host that is not pinned");
    (void)cudaMemcpyAsync(host.data(), there, 16, cudaMemcpyDeviceToHost, d.stream);
    expect_fault("cudaMemcpyAsync: memory of the host that is not pinned");
    float* const pinned = d.pin<float>(4);
    (void)cudaMemcpyAsync(there, pinned + 1, 16, cudaMemcpyHostToDevice, d.stream);
    expect_fault("cudaMemcpyAsync: memory of the host that is not pinned");
}

TEST(TwinCopies, TheDirectionFitsThePointers) {
    RawDevice d;
    float* const there = d.allocate<float>(4);
    float* const other = d.allocate<float>(4);
    float* const host = d.pin<float>(4);
    EXPECT_EQ(cudaMemcpyAsync(there, other, 16, cudaMemcpyHostToDevice, d.stream), cudaErrorInvalidValue);
    expect_fault("cudaMemcpyAsync: pointers that do not match the direction");
    EXPECT_EQ(cudaMemcpyAsync(host, there, 16, cudaMemcpyHostToDevice, d.stream), cudaErrorInvalidValue);
    expect_fault("cudaMemcpyAsync, destination: memory of the host");
    EXPECT_EQ(cudaMemcpyAsync(there, host, 16, cudaMemcpyDeviceToDevice, d.stream), cudaErrorInvalidValue);
    expect_fault("cudaMemcpyAsync, source: memory of the host");
    EXPECT_EQ(cudaMemcpyAsync(there, host, 16, cudaMemcpyDefault, d.stream), cudaErrorInvalidMemcpyDirection);
    expect_fault("cudaMemcpyAsync: a direction that Assay does not use");
    (void)cudaGetLastError();
}

TEST(TwinCopies, StayInsideTheirAllocations) {
    RawDevice d;
    float* const there = d.allocate<float>(4);
    float* const host = d.pin<float>(8);
    EXPECT_EQ(cudaMemcpyAsync(there, host, 20, cudaMemcpyHostToDevice, d.stream), cudaErrorInvalidValue);
    expect_fault("cudaMemcpyAsync, destination: 20 bytes from byte 0 of an allocation of 16");
    EXPECT_EQ(cudaMemcpyAsync(host, there + 1, 16, cudaMemcpyDeviceToHost, d.stream), cudaErrorInvalidValue);
    expect_fault("cudaMemcpyAsync, source: 16 bytes from byte 4 of an allocation of 16");
    EXPECT_EQ(cudaMemsetAsync(there, 0, 17, d.stream), cudaErrorInvalidValue);
    expect_fault("cudaMemsetAsync: 17 bytes from byte 0 of an allocation of 16");
    (void)cudaMemcpyAsync(there, there + 1, 8, cudaMemcpyDeviceToDevice, d.stream);
    expect_fault("cudaMemcpyAsync: source and destination overlap");
    (void)cudaGetLastError();
}

TEST(TwinCopies, PinnedMemoryIsNotFreedUnderThem) {
    RawDevice d;
    float* const there = d.allocate<float>(1);
    void* host = nullptr;
    EXPECT_CUDA(cudaMallocHost(&host, sizeof(float)));
    EXPECT_CUDA(cudaMemcpyAsync(host, there, sizeof(float), cudaMemcpyDeviceToHost, d.stream));
    EXPECT_CUDA(cudaFreeHost(host));
    expect_fault("cudaFreeHost: memory that a copy on a stream still uses");
    EXPECT_EQ(cudaFreeHost(host), cudaErrorInvalidValue);
    expect_fault("cudaFreeHost: memory that is not pinned, or was freed");
    (void)cudaGetLastError();
}

// ---- memory of the device ----

TEST(TwinMemoryDeathTest, TheHostCannotTouchIt) {
    RawDevice d;
    float* const there = d.put<float>({1});
    volatile float* const touched = there;
    EXPECT_DEATH((void)*touched, "");
    EXPECT_DEATH(*touched = 2, "");
    run_on_twin(d.stream, [=] { *touched = *touched + 1; });
    EXPECT_THAT(d.get(there, 1), ElementsAre(2));
    EXPECT_DEATH((void)*touched, "") << "closed again";
    std::vector<double> large(100000, 3.0);   // another way of getting its pages
    const volatile double* const far = d.put(large);
    EXPECT_DEATH((void)far[99999], "");
}

/// One element before or behind memory of 10 floats (or as many as make it large) is written.
void overrun(std::size_t count, std::ptrdiff_t where) {
    RawDevice d;
    float* const there = d.allocate<float>(count);
    run_on_twin(d.stream, [=] { there[where] = 1; });
    d.wait();
}

TEST(TwinMemoryDeathTest, KernelsStayInsideTheirAllocations) {
    for (const std::size_t count : {std::size_t{10}, std::size_t{100000}}) {
        const std::string bytes = std::to_string(4 * count) + " bytes on the device";
        for (const std::ptrdiff_t where : {std::ptrdiff_t{-1}, static_cast<std::ptrdiff_t>(count)}) {
            if (twin::with_address_sanitizer) {
                EXPECT_DEATH(overrun(count, where), "use-after-poison");
            } else {
                overrun(count, where);
                expect_fault((where < 0 ? "cudaFreeAsync: written before memory of " : "cudaFreeAsync: written behind memory of ") + bytes);
            }
        }
    }
}

TEST(TwinMemoryDeathTest, KernelsDoNotUseWhatWasFreed) {
    RawDevice d;
    double* const there = d.put<double>({1});
    double found = 0;
    run_on_twin(d.stream, [&found, there] { found = *there; });
    d.release(there);
    d.wait();
    EXPECT_EQ(found, 1) << "work before the release, in the stream's order, has the memory";
    const auto late = [&] {
        run_on_twin(d.stream, [&found, there] { found = *there; });
        d.wait();
    };
    if (twin::with_address_sanitizer) {
        EXPECT_DEATH(late(), "use-after-poison");
    } else {
        late();
        EXPECT_TRUE(std::isnan(found));
    }
}

TEST(TwinMemory, IsUndefinedUntilItIsWritten) {
    RawDevice d;
    for (const std::size_t count : {std::size_t{5}, std::size_t{100000}}) {
        for (const double value : d.get(d.allocate<double>(count), count)) ASSERT_TRUE(std::isnan(value));
        for (const float value : d.get(d.allocate<float>(count), count)) ASSERT_TRUE(std::isnan(value));
    }
    EXPECT_THAT(d.get(d.allocate<std::int32_t>(2), 2), ElementsAre(-1, -1)) << "no valid index";
    EXPECT_TRUE(std::isnan(*d.pin<double>(1))) << "of the host, too";
}

TEST(TwinMemory, IsAlignedToWhatCudaPromisesAndNoMore) {
    RawDevice d;
    for (const std::size_t count : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, std::size_t{1000000}}) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(d.allocate<float>(count)) % 512, 256u);
    }
}

TEST(TwinMemory, IsFreedOnce) {
    RawDevice d;
    float* const there = d.allocate<float>(4);
    d.release(there);
    EXPECT_EQ(cudaFreeAsync(there, d.stream), cudaErrorInvalidValue);
    expect_fault("cudaFreeAsync: memory that is not allocated on the device, or was freed");
    float* const other = d.allocate<float>(4);
    EXPECT_EQ(cudaFreeAsync(other + 1, d.stream), cudaErrorInvalidValue);
    expect_fault("cudaFreeAsync: memory that is not allocated on the device, or was freed");
    EXPECT_EQ(cudaMemsetAsync(there, 0, 4, d.stream), cudaErrorInvalidValue) << "after it was freed";
    expect_fault("cudaMemsetAsync: memory that is not allocated on the device");
    (void)cudaGetLastError();
}

TEST(TwinMemory, LeaksAreFound) {
    RawDevice d;
    float* const there = d.allocate<float>(4);
    void* const host = d.pin<float>(3);
    EXPECT_THAT(twin::leaks(), ElementsAre("device memory of 16 bytes", "pinned memory of 12 bytes", "1 streams", "1 memory pools"));
    (void)there, (void)host;
}

TEST(TwinMemory, BelongsToTheOrderOfItsStream) {
    RawDevice first, second;
    float* const there = first.allocate<float>(4);
    EXPECT_EQ(cudaMemsetAsync(there, 0, 16, second.stream), cudaErrorInvalidValue);
    expect_fault("cudaMemsetAsync: memory allocated in the order of another stream, which has not come so far");
    first.wait();
    EXPECT_CUDA(cudaMemsetAsync(there, 0, 16, second.stream));
    second.wait();
    (void)cudaGetLastError();
}

TEST(TwinMemory, ComesToAnEnd) {
    twin::restart({{.memory = 1000}});
    RawDevice d;
    std::uint64_t threshold = UINT64_MAX;
    EXPECT_CUDA(cudaMemPoolSetAttribute(d.pool, cudaMemPoolAttrReleaseThreshold, &threshold));
    void* more = nullptr;
    float* const first = d.allocate<float>(150);
    EXPECT_EQ(cudaMallocFromPoolAsync(&more, 500, d.pool, d.stream), cudaErrorMemoryAllocation);
    std::size_t free = 0, total = 0;
    EXPECT_CUDA(cudaMemGetInfo(&free, &total));
    EXPECT_EQ(free, 400u);
    EXPECT_EQ(total, 1000u);
    d.release(first);
    float* const again = d.allocate<float>(200);   // what was freed in the stream's order serves at once
    EXPECT_EQ(twin::peak(), 800u);

    RawDevice other;   // another pool of the same device
    d.release(again);
    EXPECT_EQ(cudaMallocFromPoolAsync(&more, 500, other.pool, other.stream), cudaErrorMemoryAllocation) << "held by the first pool";
    EXPECT_CUDA(cudaMemPoolTrimTo(d.pool, 0));
    EXPECT_EQ(cudaMallocFromPoolAsync(&more, 500, other.pool, other.stream), cudaErrorMemoryAllocation) << "nobody waited for the release";
    d.wait();
    EXPECT_CUDA(cudaMemGetInfo(&free, &total));
    EXPECT_EQ(free, 200u) << "the first pool still holds it";
    EXPECT_CUDA(cudaMemPoolTrimTo(d.pool, 0));
    EXPECT_CUDA(cudaMallocFromPoolAsync(&more, 500, other.pool, other.stream));
    other.release(more);
    other.wait();   // without a threshold, waiting gives memory back
    EXPECT_CUDA(cudaMemGetInfo(&free, &total));
    EXPECT_EQ(free, 1000u);
    (void)cudaGetLastError();
}

TEST(TwinMemory, OfTheHostComesToAnEndToo) {
    twin::limit_pinned(100);
    void *first = nullptr, *second = nullptr;
    EXPECT_CUDA(cudaMallocHost(&first, 60));
    EXPECT_EQ(cudaMallocHost(&second, 60), cudaErrorMemoryAllocation);
    EXPECT_CUDA(cudaFreeHost(first));
    EXPECT_CUDA(cudaMallocHost(&second, 60));
    EXPECT_CUDA(cudaFreeHost(second));
    EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
}

// ---- devices and errors ----

TEST(TwinDevices, AreAsTheTestSays) {
    twin::restart({{.name = "First", .memory = 10, .major = 8, .minor = 6}, {.name = "Second", .processors = 7, .pools = false}});
    int count = 0, value = 0;
    EXPECT_CUDA(cudaGetDeviceCount(&count));
    EXPECT_EQ(count, 2);
    cudaDeviceProp properties{};
    EXPECT_CUDA(cudaGetDeviceProperties(&properties, 0));
    EXPECT_STREQ(properties.name, "First");
    EXPECT_EQ(properties.totalGlobalMem, 10u);
    EXPECT_EQ(properties.major * 10 + properties.minor, 86);
    EXPECT_CUDA(cudaGetDeviceProperties(&properties, 1));
    EXPECT_EQ(properties.multiProcessorCount, 7);
    EXPECT_CUDA(cudaDeviceGetAttribute(&value, cudaDevAttrMemoryPoolsSupported, 1));
    EXPECT_EQ(value, 0);
    EXPECT_EQ(cudaSetDevice(2), cudaErrorInvalidDevice);
    EXPECT_EQ(cudaGetDeviceProperties(&properties, -1), cudaErrorInvalidDevice);
    EXPECT_CUDA(cudaSetDevice(1));
    std::thread([] {
        int current = -1;
        EXPECT_CUDA(cudaGetDevice(&current));
        EXPECT_EQ(current, 0) << "every thread has its own";
    }).join();
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

TEST(TwinDevices, KernelsGoToTheCurrentOne) {
    twin::restart({{}, {}});
    RawDevice second(1);
    cudaEvent_t event = nullptr;
    EXPECT_CUDA(cudaSetDevice(0));
    EXPECT_CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    EXPECT_ANY_THROW(run_on_twin(second.stream, [] {}));
    expect_fault("kernel launch: a stream of another device than the current one");
    EXPECT_EQ(cudaEventRecord(event, second.stream), cudaErrorInvalidResourceHandle);
    expect_fault("cudaEventRecord: an event and a stream of two devices");
    EXPECT_CUDA(cudaEventDestroy(event));
    (void)cudaGetLastError();
}

TEST(TwinErrors, WithoutADriverOrADeviceNothingBegins) {
    for (const auto& [devices, driver, expected] : {std::tuple<std::vector<twin::Device>, int, cudaError_t>{{{}}, 0, cudaErrorInsufficientDriver},
                                                    {{{}}, CUDART_VERSION - 1000, cudaErrorInsufficientDriver},
                                                    {{}, CUDART_VERSION, cudaErrorNoDevice}}) {
        twin::restart(devices, driver);
        int number = -1;
        void* memory = nullptr;
        cudaStream_t stream = nullptr;
        EXPECT_CUDA(cudaDriverGetVersion(&number));
        EXPECT_EQ(number, driver);
        EXPECT_EQ(cudaGetDeviceCount(&number), expected);
        EXPECT_EQ(number, 0);
        EXPECT_EQ(cudaSetDevice(0), expected);
        EXPECT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), expected);
        EXPECT_EQ(cudaMallocHost(&memory, 1), expected);
        EXPECT_EQ(cudaGetLastError(), expected);
    }
}

TEST(TwinErrors, AnErrorThatNobodyReadShowsInTheNextLaunch) {
    RawDevice d;
    EXPECT_EQ(cudaSetDevice(5), cudaErrorInvalidDevice);
    EXPECT_ANY_THROW(run_on_twin(d.stream, [] {}));
    EXPECT_CUDA(cudaGetLastError()) << "read once";
    EXPECT_NO_THROW(run_on_twin(d.stream, [] {}));
}

TEST(TwinErrors, ComeToOrder) {
    int device = 0;
    twin::fail("cudaGetDevice", cudaErrorDevicesUnavailable, 2);
    EXPECT_CUDA(cudaGetDevice(&device));
    EXPECT_EQ(cudaGetDevice(&device), cudaErrorDevicesUnavailable);
    EXPECT_CUDA(cudaGetDevice(&device));
    EXPECT_EQ(twin::calls().at("cudaGetDevice"), 3);
    EXPECT_EQ(cudaGetLastError(), cudaErrorDevicesUnavailable);
}

TEST(TwinErrors, ABrokenDeviceStaysBroken) {
    cudaStream_t stream = nullptr;
    EXPECT_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    int ran = 0;
    twin::break_device_after(2);
    for (int i = 0; i < 4; ++i) run_on_twin(stream, [&] { ++ran; });
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorIllegalAddress) << "a kernel's fault shows when somebody waits";
    EXPECT_EQ(ran, 2);
    EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress);
    EXPECT_CUDA(cudaGetLastError()) << "the last error of a call is read once";
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress) << "but every further call has it";
    EXPECT_EQ(cudaStreamDestroy(stream), cudaErrorIllegalAddress);
    EXPECT_ANY_THROW(run_on_twin(stream, [&] { ++ran; }));
    twin::restart();
    EXPECT_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    EXPECT_CUDA(cudaStreamDestroy(stream));
}

TEST(TwinErrors, HaveCudasNames) {
    EXPECT_STREQ(cudaGetErrorName(cudaErrorIllegalAddress), "cudaErrorIllegalAddress");
    EXPECT_STREQ(cudaGetErrorString(cudaErrorIllegalAddress), "an illegal memory access was encountered");
    EXPECT_STREQ(cudaGetErrorName(static_cast<cudaError_t>(12345)), "unrecognized error code");
}

TEST(TwinPools, AreChecked) {
    cudaMemPool_t pool = nullptr;
    cudaMemPoolProps properties{};
    EXPECT_EQ(cudaMemPoolCreate(&pool, &properties), cudaErrorInvalidValue);
    properties.allocType = cudaMemAllocationTypePinned;
    properties.location.type = cudaMemLocationTypeDevice;
    EXPECT_CUDA(cudaMemPoolCreate(&pool, &properties));
    std::uint64_t one = 1;
    EXPECT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrUsedMemHigh, &one), cudaErrorInvalidValue);
    EXPECT_CUDA(cudaMemPoolDestroy(pool));
    EXPECT_EQ(cudaMemPoolTrimTo(pool, 0), cudaErrorInvalidValue);
    expect_fault("cudaMemPoolTrimTo: a pool that is none, or was destroyed");
    twin::restart({{.pools = false}});
    EXPECT_EQ(cudaMemPoolCreate(&pool, &properties), cudaErrorNotSupported);
    EXPECT_EQ(cudaGetLastError(), cudaErrorNotSupported);
}

}  // namespace
}  // namespace assay::test
