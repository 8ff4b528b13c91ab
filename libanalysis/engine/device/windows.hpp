#pragma once
// The windows of a convolution, unrolled and put back, as functors of a flat index. A row of windows is one output pixel:
// [groups, kernel_h, kernel_w, in_c / groups].

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/device/index.hpp"

namespace assay::engine::device {

/// windows[i] = what the output pixels from `first` on see of x; 0 in the padding.
template <class T>
struct Unroll {
    ConvGeometry g;
    const T* x;
    T* windows;
    std::int64_t first;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const std::int64_t depth = g.in_c / g.groups;
        std::int64_t rest = i;
        const std::int64_t c = last_axis(rest, depth), kw = last_axis(rest, g.kernel_w), kh = last_axis(rest, g.kernel_h);
        const std::int64_t group = last_axis(rest, g.groups);
        rest += first;
        const std::int64_t ow = last_axis(rest, g.out_w), oh = last_axis(rest, g.out_h);
        const std::int64_t h = oh * g.stride_h - g.pad_top + kh * g.dilation_h, w = ow * g.stride_w - g.pad_left + kw * g.dilation_w;
        const bool inside = h >= 0 && h < g.in_h && w >= 0 && w < g.in_w;
        windows[i] = inside ? x[((rest * g.in_h + h) * g.in_w + w) * g.in_c + group * depth + c] : T(0);
    }
};

/// The transpose: to an input cell, all that the windows of output pixels first .. first + count - 1 hold of it, in order of the
/// pixels. Index 0 is the first cell of image `image`.
template <class T>
struct Roll {
    ConvGeometry g;
    const T* windows;
    T* gx;
    std::int64_t first, count, image;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const std::int64_t depth = g.in_c / g.groups;
        std::int64_t n = i;
        const std::int64_t channel = last_axis(n, g.in_c), w = last_axis(n, g.in_w), h = last_axis(n, g.in_h);
        n += image;
        std::int64_t group = channel;
        const std::int64_t c = last_axis(group, depth);
        T* cell = gx + image * g.in_h * g.in_w * g.in_c + i;
        T sum = *cell;
        const std::int64_t down = h + g.pad_top, right = w + g.pad_left;
        const std::int64_t oh_end = least(down / g.stride_h + 1, g.out_h), ow_end = least(right / g.stride_w + 1, g.out_w);
        for (std::int64_t oh = earliest(down, g.kernel_h, g.dilation_h, g.stride_h); oh < oh_end; ++oh) {
            std::int64_t kh = down - oh * g.stride_h;
            if (last_axis(kh, g.dilation_h) != 0) continue;
            for (std::int64_t ow = earliest(right, g.kernel_w, g.dilation_w, g.stride_w); ow < ow_end; ++ow) {
                std::int64_t kw = right - ow * g.stride_w;
                if (last_axis(kw, g.dilation_w) != 0) continue;
                const std::int64_t pixel = (n * g.out_h + oh) * g.out_w + ow - first;
                if (pixel < 0 || pixel >= count) continue;
                sum += windows[(((pixel * g.groups + group) * g.kernel_h + kh) * g.kernel_w + kw) * depth + c];
            }
        }
        *cell = sum;
    }

private:
    /// The first output position whose window, as far as it reaches, comes to `position` of the padded input.
    static ASSAY_HOST_DEVICE std::int64_t earliest(std::int64_t position, std::int64_t kernel, std::int64_t dilation, std::int64_t stride) {
        const std::int64_t before = position - (kernel - 1) * dilation;
        return before <= 0 ? 0 : (before + stride - 1) / stride;
    }
};

}  // namespace assay::engine::device
