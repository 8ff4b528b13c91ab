#pragma once
// What a lane keeps between calls: scratch memory that only grows, and oneDNN primitives. A pool hands the state of finished
// lanes to new ones, so that a pass does not pay for creating primitives again.

#include "libanalysis/engine/cpu/buffer_pool.hpp"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

namespace assay::engine::cpu {

class OneDnnConvolutions;

/// 64-byte aligned memory that grows and is never returned before the owner ends.
class Scratch {
public:
    void* reserve(std::size_t bytes) {
        if (bytes > bytes_) {
            data_.reset();
            bytes_ = 0;
            const std::size_t rounded = (bytes + 63) / 64 * 64;
            data_.reset(std::aligned_alloc(64, rounded));
            if (!data_) throw std::bad_alloc();
            bytes_ = rounded;
        }
        return data_.get();
    }
    template <class T> T* reserve_elements(std::size_t elements) { return static_cast<T*>(reserve(elements * sizeof(T))); }

private:
    struct Free { void operator()(void* data) const { std::free(data); } };
    std::unique_ptr<void, Free> data_;
    std::size_t bytes_ = 0;
};

struct LaneState {
    LaneState();
    ~LaneState();
    Scratch columns;       ///< im2col
    Scratch folded;        ///< kernels of folded convolutions
    Scratch partial;       ///< results that are added to their target afterwards
    Scratch sums;          ///< float64 accumulators
    Scratch wide, wide_second, wide_shift;   ///< rows repeated, so that narrow matrices fill a vector
    std::shared_ptr<BufferPool> memory = std::make_shared<BufferPool>();   ///< buffers share it, so it outlives them
    std::unique_ptr<OneDnnConvolutions> convolutions;
};

class LanePool {
public:
    std::unique_ptr<LaneState> take();
    void give(std::unique_ptr<LaneState> state);

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<LaneState>> free_;
};

}  // namespace assay::engine::cpu
