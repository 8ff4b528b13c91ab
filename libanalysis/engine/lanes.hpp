#pragma once
// The lanes of one parallel pass, and how many of them fit into the memory of a call.

#include "libanalysis/core/context.hpp"
#include "libanalysis/engine/backend.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace assay::engine {

/// The caller's backend, and further lanes for the other threads and for committing.
class Lanes {
public:
    Lanes(Backend& first, int lanes) : first_(first), commit_(first.lane()) {
        for (int lane = 1; lane < lanes; ++lane) others_.push_back(first.lane());
    }
    Backend& operator[](int lane) { return lane == 0 ? first_ : *others_[static_cast<std::size_t>(lane - 1)]; }
    Backend& commit() { return *commit_; }

private:
    Backend& first_;
    std::unique_ptr<Backend> commit_;
    std::vector<std::unique_ptr<Backend>> others_;
};

/// As many threads as the device has use for and their micro-batches fit into the memory of the call; results do not depend on it.
inline Context within_memory(const Context& context, const Backend& backend, std::size_t bytes_per_lane) {
    Context bounded = context;
    const std::size_t fit = context.memory / std::max<std::size_t>(bytes_per_lane, 1);
    const int most = std::min(std::max(context.threads, 1), backend.most_lanes());
    bounded.threads = static_cast<int>(std::clamp<std::size_t>(fit, 1, static_cast<std::size_t>(most)));
    return bounded;
}

}  // namespace assay::engine
