#pragma once
// Where a sliding window stands: the arithmetic that convolution and pooling share.

#include "libanalysis/engine/layer.hpp"

#include <algorithm>

namespace assay::engine::layers {

struct Window {
    std::int64_t out = 0, before = 0, after = 0;   ///< positions; padding on either side
};

/// Windows of `size` taps, `dilation` apart, every `stride` cells of an axis of n cells. `same`: ceil(n / stride) positions,
/// the odd padding cell at the end. @throws Error{format} where none fits.
inline Window slide(const LayerSpec& spec, std::int64_t n, std::int64_t size, std::int64_t stride, std::int64_t dilation) {
    const std::string padding = spec.text("padding", "valid");
    const std::int64_t reach = (size - 1) * dilation + 1;
    if (padding == "same") {
        const std::int64_t out = (n + stride - 1) / stride;
        const std::int64_t total = std::max<std::int64_t>((out - 1) * stride + reach - n, 0);
        return {out, total / 2, total - total / 2};
    }
    if (padding != "valid") spec.fail("`padding` same or valid", padding);
    if (reach > n) spec.fail("a window that fits the input", "a reach of " + std::to_string(reach) + " over " + std::to_string(n) + " cells");
    return {(n - reach) / stride + 1, 0, 0};
}

}  // namespace assay::engine::layers
