#pragma once
// Memory that a lane gives out again. Micro-batches ask for the same sizes over and over; returning the memory to the system
// between them costs page faults, which took a third to a half of the time of convolution networks.

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace assay::engine::cpu {

/// Keeps released blocks for requests of the same size. Never holds more (in use and kept) than was once in use at a time and
/// `slack` (the passes of one product want different sizes, one after another), nor keeps more than `most_kept`. Blocks may come
/// back from any thread.
class BufferPool {
public:
    explicit BufferPool(std::size_t slack = std::size_t{64} << 20) : slack_(slack) {}
    BufferPool(const BufferPool&) = delete;
    ~BufferPool() { release(0); }

    /// 64-byte aligned; null where there is no memory. `bytes` is a multiple of 64.
    void* take(std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        void* block = nullptr;
        if (const auto found = kept_.find(bytes); found != kept_.end() && !found->second.empty()) {
            block = found->second.back();
            found->second.pop_back();
            kept_bytes_ -= bytes;
        } else {
            const std::size_t after = used_bytes_ + bytes;
            release(after < peak_ + slack_ ? peak_ + slack_ - after : 0);
            block = std::aligned_alloc(64, bytes);
            if (!block) return nullptr;
        }
        used_bytes_ += bytes;
        peak_ = used_bytes_ > peak_ ? used_bytes_ : peak_;
        return block;
    }
    void give(void* block, std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        used_bytes_ -= bytes;
        if (!reuse || kept_bytes_ + bytes > most_kept) {
            std::free(block);
            return;
        }
        kept_[bytes].push_back(block);
        kept_bytes_ += bytes;
    }
    std::size_t held() const {   ///< bytes in use and kept
        const std::lock_guard lock(mutex_);
        return used_bytes_ + kept_bytes_;
    }
#if defined(__SANITIZE_ADDRESS__)
    static constexpr bool reuse = false;   // so that the sanitizer sees a use after release
#else
    static constexpr bool reuse = true;
#endif

private:
    static constexpr std::size_t most_kept = std::size_t{256} << 20;

    /// Frees kept blocks until at most `bytes` are left.
    void release(std::size_t bytes) {
        while (kept_bytes_ > bytes && !kept_.empty()) {
            const auto size = kept_.begin();
            for (; !size->second.empty() && kept_bytes_ > bytes; size->second.pop_back(), kept_bytes_ -= size->first)
                std::free(size->second.back());
            if (size->second.empty()) kept_.erase(size);   // blocks that stay keep their entry
        }
    }
    const std::size_t slack_;
    mutable std::mutex mutex_;
    std::unordered_map<std::size_t, std::vector<void*>> kept_;
    std::size_t kept_bytes_ = 0, used_bytes_ = 0, peak_ = 0;
};

}  // namespace assay::engine::cpu
