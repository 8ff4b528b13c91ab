#pragma once
// The windows of a convolution, unrolled and put back, as functors of a flat index. A row of windows is one output pixel:
// [groups, kernel_h, kernel_w, in_c / groups].

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/device/index.hpp"

namespace assay::engine::device {

/// A convolution's geometry, ready for its divisions.
struct ConvAxes {
    Extent in_h, in_w, in_c, out_h, out_w, groups, depth, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    std::int64_t pad_top, pad_left;
    ConvAxes(const ConvGeometry& g)
        : in_h(g.in_h), in_w(g.in_w), in_c(g.in_c), out_h(g.out_h), out_w(g.out_w), groups(g.groups), depth(g.in_c / g.groups),
          kernel_h(g.kernel_h), kernel_w(g.kernel_w), stride_h(g.stride_h), stride_w(g.stride_w), dilation_h(g.dilation_h),
          dilation_w(g.dilation_w), pad_top(g.pad_top), pad_left(g.pad_left) {}
};

/// windows[i] = what the output pixels from `first` on see of x; 0 in the padding.
template <class T>
struct Unroll {
    ConvAxes g;
    const T* x;
    T* windows;
    std::int64_t first;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        std::int64_t rest = i;
        const std::int64_t c = g.depth.split(rest), kw = g.kernel_w.split(rest), kh = g.kernel_h.split(rest), group = g.groups.split(rest);
        rest += first;
        const std::int64_t ow = g.out_w.split(rest), oh = g.out_h.split(rest);
        const std::int64_t h = oh * g.stride_h - g.pad_top + kh * g.dilation_h, w = ow * g.stride_w - g.pad_left + kw * g.dilation_w;
        const bool inside = h >= 0 && h < g.in_h && w >= 0 && w < g.in_w;
        windows[i] = inside ? x[((rest * g.in_h + h) * g.in_w + w) * g.in_c + group * g.depth + c] : T(0);
    }
};

/// The transpose: to an input cell, all that the windows of output pixels first .. first + count - 1 hold of it, in order of the
/// pixels. Index 0 is the first cell of image `image`.
template <class T>
struct Roll {
    ConvAxes g;
    const T* windows;
    T* gx;
    std::int64_t first, count, image;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        std::int64_t n = i;
        std::int64_t group = g.in_c.split(n);
        const std::int64_t w = g.in_w.split(n), h = g.in_h.split(n), c = g.depth.split(group);
        n += image;
        T* cell = gx + image * g.in_h * g.in_w * g.in_c + i;
        T sum = *cell;
        const std::int64_t down = h + g.pad_top, right = w + g.pad_left;
        const std::int64_t oh_end = least(g.stride_h.divide(down) + 1, g.out_h), ow_end = least(g.stride_w.divide(right) + 1, g.out_w);
        const std::int64_t ow_begin = earliest(right, g.kernel_w, g.dilation_w, g.stride_w);
        for (std::int64_t oh = earliest(down, g.kernel_h, g.dilation_h, g.stride_h); oh < oh_end; ++oh) {
            std::int64_t kh = down - oh * g.stride_h;
            if (g.dilation_h.split(kh) != 0) continue;
            for (std::int64_t ow = ow_begin; ow < ow_end; ++ow) {
                std::int64_t kw = right - ow * g.stride_w;
                if (g.dilation_w.split(kw) != 0) continue;
                const std::int64_t pixel = (n * g.out_h + oh) * g.out_w + ow - first;
                if (pixel < 0 || pixel >= count) continue;
                sum += windows[(((pixel * g.groups + group) * g.kernel_h + kh) * g.kernel_w + kw) * g.depth + c];
            }
        }
        *cell = sum;
    }

private:
    /// The first output position whose window, as far as it reaches, comes to `position` of the padded input.
    static ASSAY_HOST_DEVICE std::int64_t earliest(std::int64_t position, std::int64_t kernel, std::int64_t dilation, const Extent& stride) {
        const std::int64_t before = position - (kernel - 1) * dilation;
        return before <= 0 ? 0 : stride.divide(before + stride - 1);
    }
};

}  // namespace assay::engine::device
