#pragma once
// One stream, a pool and pinned memory by CUDA's own functions, for the tests of the twin itself.

#include "libanalysis/engine/cuda/launch.hpp"
#include "tests/twin/twin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <vector>

namespace assay::test {

#define EXPECT_CUDA(call) EXPECT_EQ((call), cudaSuccess) << #call

inline void expect_fault(const std::string& words) { EXPECT_THAT(twin::take_faults(), testing::ElementsAre(testing::StrEq(words))); }
inline void expect_no_fault() { EXPECT_THAT(twin::take_faults(), testing::IsEmpty()); }

class RawDevice {
public:
    explicit RawDevice(int device = 0) {
        EXPECT_CUDA(cudaSetDevice(device));
        EXPECT_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
        cudaMemPoolProps properties{};
        properties.allocType = cudaMemAllocationTypePinned;
        properties.location.type = cudaMemLocationTypeDevice;
        properties.location.id = device;
        EXPECT_CUDA(cudaMemPoolCreate(&pool, &properties));
    }
    ~RawDevice() {
        for (void* memory : given_) EXPECT_CUDA(cudaFreeAsync(memory, stream));
        EXPECT_CUDA(cudaStreamSynchronize(stream));
        for (void* memory : pinned_) EXPECT_CUDA(cudaFreeHost(memory));
        EXPECT_CUDA(cudaStreamDestroy(stream));
        EXPECT_CUDA(cudaMemPoolDestroy(pool));
    }
    RawDevice(const RawDevice&) = delete;
    RawDevice& operator=(const RawDevice&) = delete;

    /// Freed with this object unless release() did.
    template <class T>
    T* allocate(std::size_t count) {
        void* memory = nullptr;
        EXPECT_CUDA(cudaMallocFromPoolAsync(&memory, count * sizeof(T), pool, stream));
        given_.push_back(memory);
        return static_cast<T*>(memory);
    }
    void release(void* memory) {
        std::erase(given_, memory);
        EXPECT_CUDA(cudaFreeAsync(memory, stream));
    }
    template <class T>
    T* pin(std::size_t count) {
        void* memory = nullptr;
        EXPECT_CUDA(cudaMallocHost(&memory, count * sizeof(T)));
        pinned_.push_back(memory);
        return static_cast<T*>(memory);
    }
    template <class T>
    T* put(const std::vector<T>& values) {
        T* const host = pin<T>(values.size());
        std::copy(values.begin(), values.end(), host);
        T* const there = allocate<T>(values.size());
        EXPECT_CUDA(cudaMemcpyAsync(there, host, values.size() * sizeof(T), cudaMemcpyHostToDevice, stream));
        wait();
        return there;
    }
    template <class T>
    std::vector<T> get(const T* from, std::size_t count) {
        T* const host = pin<T>(count);
        EXPECT_CUDA(cudaMemcpyAsync(host, from, count * sizeof(T), cudaMemcpyDeviceToHost, stream));
        wait();
        return {host, host + count};
    }
    void wait() { EXPECT_CUDA(cudaStreamSynchronize(stream)); }

    cudaStream_t stream = nullptr;
    cudaMemPool_t pool = nullptr;

private:
    std::vector<void*> given_, pinned_;
};

}  // namespace assay::test
