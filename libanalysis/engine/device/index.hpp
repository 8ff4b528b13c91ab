#pragma once
// Positions in arrays of several axes, for functors that are called with a flat index.

#include "libanalysis/engine/elementary.hpp"

#include <bit>
#include <cstdint>

namespace assay::engine::device {

inline ASSAY_HOST_DEVICE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
inline ASSAY_HOST_DEVICE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

/// The length of an axis, which indices are divided by: prepared on the host, since a division is the most expensive thing that most
/// functors do. With 0 < d < 2^31, p = 31 + ceil(log2 d) and m = ceil(2^p / d) < 2^32, n / d = floor(n m / 2^p) for 0 <= n < 2^31: the
/// error n (m - 2^p / d) / 2^p is below 2^31 / 2^p <= 1 / d (Granlund and Montgomery 1994).
class Extent {
public:
    Extent(std::int64_t extent = 1) : extent_(extent) {
        if (extent <= 0 || extent > below) return;
        shift_ = 31 + static_cast<std::uint32_t>(std::bit_width(static_cast<std::uint64_t>(extent - 1)));
        multiplier_ = static_cast<std::uint32_t>(((std::int64_t{1} << shift_) + extent - 1) / extent);
    }
    ASSAY_HOST_DEVICE operator std::int64_t() const { return extent_; }
    /// n / extent for n >= 0.
    ASSAY_HOST_DEVICE std::int64_t divide(std::int64_t n) const {
        if (n <= below && multiplier_ != 0) {
            return static_cast<std::int64_t>(static_cast<std::uint64_t>(static_cast<std::uint32_t>(n)) * multiplier_ >> shift_);
        }
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(n) / static_cast<std::uint64_t>(extent_));
    }
    /// The position on this axis, the last one, of the flat index (>= 0); `index` becomes that over the other axes.
    ASSAY_HOST_DEVICE std::int64_t split(std::int64_t& index) const {
        const std::int64_t quotient = divide(index), position = index - quotient * extent_;
        index = quotient;
        return position;
    }

private:
    static constexpr std::int64_t below = 0x7fffffff;
    std::int64_t extent_;
    std::uint32_t multiplier_ = 0, shift_ = 0;   ///< multiplier 0: an extent that is divided by as it is
};

}  // namespace assay::engine::device
