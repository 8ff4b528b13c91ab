#pragma once
// Independent items on many threads: work(i) for each i below count, in any order.

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace assay {

/// Calls work(i) once for every i, on at most `threads` threads, the caller's among them. What work computes may not depend on the
/// others. The first exception ends the rest and is thrown here.
template <typename Work>
void for_each_index(std::size_t count, int threads, const Work& work) {
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex mutex;
    const auto lane = [&] {
        for (std::size_t i = next++; i < count; i = next++) {
            try {
                work(i);
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!failure) failure = std::current_exception();
                next = count;
            }
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::size_t k = 1; k < static_cast<std::size_t>(threads > 1 ? threads : 1) && k < count; ++k) others.emplace_back(lane);
        lane();
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace assay
