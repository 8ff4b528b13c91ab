#pragma once
// What every long call receives: how many threads, how much memory, which seed, when to stop, whom to tell.

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/seed.hpp"

#include <cstddef>
#include <functional>
#include <stop_token>

namespace assay {

struct Context {
    int threads = 1;
    std::size_t memory = std::size_t{2} << 30;  ///< bytes this call may hold: weights and buffers first, caches take the rest
    Seed seed{};
    std::stop_token stop{};                     ///< polled once per micro-batch
    std::function<void(double fraction)> on_progress{};

    /// @throws Error{interrupted} once stop was requested.
    void check_stop() const {
        if (stop.stop_requested()) throw Error(ErrorKind::interrupted, {"", "", "interrupted"});
    }
};

/// Processors this process may use: its affinity mask, cut by a cgroup CPU quota. At least 1.
int usable_processors();

/// Bytes of memory this process may use: the machine's, cut by a cgroup limit.
std::size_t usable_memory();

}  // namespace assay
