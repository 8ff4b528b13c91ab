#pragma once
// One device's stream and the pool that gives memory in its order. Owned by the lane and by every block that was given.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <string>

namespace assay::engine::cuda {

class Memory : public std::enable_shared_from_this<Memory> {
public:
    Memory(int device, std::string name, std::size_t device_memory);   ///< @throws Error{unavailable}
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    /// Makes the device the calling thread's current one.
    void enter() const;
    /// The same for a while, where nothing may be thrown: the thread's own device comes back. False where that failed.
    class Visit {
    public:
        explicit Visit(const Memory& memory) noexcept;
        ~Visit();
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;
        bool good() const { return good_; }

    private:
        int before_ = -1, device_;
        bool good_;
    };
    cudaStream_t stream() const { return stream_; }
    /// Aligned to 256 bytes; of 0 bytes too. @throws Error{resource} when the device has no more, after all that can be freed was.
    std::shared_ptr<void> allocate(std::size_t bytes);
    /// Waits for the stream, and gives what nothing lies in back to the device, but for `keep` bytes.
    void trim(std::size_t keep) const;

private:
    void* take(std::size_t bytes);
    void give(void* data, std::size_t bytes) noexcept;

    int device_;
    std::string name_;
    std::size_t device_memory_;
    cudaStream_t stream_ = nullptr;
    cudaMemPool_t pool_ = nullptr;
};

}  // namespace assay::engine::cuda
