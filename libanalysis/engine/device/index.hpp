#pragma once
// Positions in arrays of several axes, for functors that are called with a flat index.

#include "libanalysis/engine/elementary.hpp"

#include <cstdint>

namespace assay::engine::device {

inline ASSAY_HOST_DEVICE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
inline ASSAY_HOST_DEVICE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

/// The position on the last axis, of the given extent, of the flat index (>= 0); `index` becomes that over the other axes.
inline ASSAY_HOST_DEVICE std::int64_t last_axis(std::int64_t& index, std::int64_t extent) {
    // Unsigned: a device divides these in fewer steps.
    const auto quotient = static_cast<std::int64_t>(static_cast<std::uint64_t>(index) / static_cast<std::uint64_t>(extent));
    const std::int64_t position = index - quotient * extent;
    index = quotient;
    return position;
}

/// The position on the last axis alone.
inline ASSAY_HOST_DEVICE std::int64_t position_in(std::int64_t index, std::int64_t extent) { return last_axis(index, extent); }

}  // namespace assay::engine::device
