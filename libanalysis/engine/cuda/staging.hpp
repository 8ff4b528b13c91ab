#pragma once
// Copies between host and device through a ring of pinned memory, so that they run beside the host's own work.

#include <cuda_runtime_api.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace assay::engine::cuda {

class Staging {
public:
    Staging();   ///< @throws Error{resource} when the host has no memory to pin
    ~Staging();
    Staging(const Staging&) = delete;
    Staging& operator=(const Staging&) = delete;

    /// Returns when all of `host` lies in pinned memory; the copy itself follows in the stream's order.
    void to_device(const void* host, void* device, std::size_t bytes, cudaStream_t stream);
    /// Returns when the values are there: after all work that was put on the stream before. Gives what the word on the device held then.
    std::int32_t to_host(const void* device, void* host, std::size_t bytes, const std::int32_t* word, cudaStream_t stream);

private:
    static constexpr std::size_t chunks = 8, slot_bytes = std::size_t{4} << 20, chunk = slot_bytes - 256;   // the rest is the word's
    struct Slot {
        std::byte* data = nullptr;
        cudaEvent_t done = nullptr;   ///< the last copy from or to the slot has run
        std::size_t used = 0;
    };
    Slot& next();   ///< the oldest slot, when the copies that use it have run
    void release() noexcept;

    std::mutex mutex_;
    std::array<Slot, chunks> slots_;
    std::size_t current_ = 0;
    std::byte* pinned_ = nullptr;
};

}  // namespace assay::engine::cuda
