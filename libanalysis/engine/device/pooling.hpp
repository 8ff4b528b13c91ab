#pragma once
// Pooling over NHWC as functors of a flat index. A window is cut at the borders, so padding is neither chosen nor counted.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/device/index.hpp"

namespace assay::engine::device {

/// A pooling's geometry, ready for its divisions.
struct PoolAxes {
    Extent in_h, in_w, channels, out_h, out_w, stride_h, stride_w;
    std::int64_t pool_h, pool_w, pad_top, pad_left;
    PoolAxes(const PoolGeometry& g)
        : in_h(g.in_h), in_w(g.in_w), channels(g.channels), out_h(g.out_h), out_w(g.out_w), stride_h(g.stride_h), stride_w(g.stride_w),
          pool_h(g.pool_h), pool_w(g.pool_w), pad_top(g.pad_top), pad_left(g.pad_left) {}
};

/// The cells that one window meets on one axis: begin .. end - 1.
struct PoolRange {
    std::int64_t begin, end;
    ASSAY_HOST_DEVICE PoolRange(std::int64_t out, std::int64_t pool, std::int64_t stride, std::int64_t before, std::int64_t in)
        : begin(most(out * stride - before, 0)), end(least(out * stride - before + pool, in)) {}
    ASSAY_HOST_DEVICE std::int64_t size() const { return end - begin; }
};

/// Where output i is: its window, and the flat index of its channel in the first cell of its image.
struct PoolWindow {
    std::int64_t base;
    PoolRange rows, cols;
    static ASSAY_HOST_DEVICE PoolWindow of(const PoolAxes& g, std::int64_t i) {
        const std::int64_t c = g.channels.split(i), ow = g.out_w.split(i), oh = g.out_h.split(i);
        return {i * g.in_h * g.in_w * g.channels + c, {oh, g.pool_h, g.stride_h, g.pad_top, g.in_h}, {ow, g.pool_w, g.stride_w, g.pad_left, g.in_w}};
    }
};

/// y[i] = the largest of its window, argmax[i] = the flat index of the first such; a NaN wins over every number, so that it is seen.
template <class T>
struct MaxPool {
    PoolAxes g;
    const T* x;
    T* y;
    std::int32_t* argmax;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const PoolWindow window = PoolWindow::of(g, i);
        std::int64_t best = window.base + (window.rows.begin * g.in_w + window.cols.begin) * g.channels;
        T largest = x[best];
        for (std::int64_t h = window.rows.begin; h < window.rows.end; ++h) {
            for (std::int64_t w = window.cols.begin; w < window.cols.end; ++w) {
                const std::int64_t cell = window.base + (h * g.in_w + w) * g.channels;
                const T value = x[cell];
                const bool better = value > largest || (value != value && largest == largest);
                best = better ? cell : best;
                largest = better ? value : largest;
            }
        }
        y[i] = largest;
        argmax[i] = static_cast<std::int32_t>(best);
    }
};

template <class T>
struct AveragePool {
    PoolAxes g;
    const T* x;
    T* y;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const PoolWindow window = PoolWindow::of(g, i);
        T sum = 0;
        for (std::int64_t h = window.rows.begin; h < window.rows.end; ++h) {
            for (std::int64_t w = window.cols.begin; w < window.cols.end; ++w) sum += x[window.base + (h * g.in_w + w) * g.channels];
        }
        y[i] = sum * (T(1) / static_cast<T>(window.rows.size() * window.cols.size()));
    }
};

/// gx[i] += the shares of all windows that hold input cell i, in order of the windows.
template <class T>
struct AveragePoolTranspose {
    PoolAxes g;
    const T* gy;
    T* gx;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        std::int64_t n = i;
        const std::int64_t c = g.channels.split(n), w = g.in_w.split(n), h = g.in_h.split(n);
        const std::int64_t down = h + g.pad_top, right = w + g.pad_left;
        const std::int64_t oh_end = least(g.stride_h.divide(down) + 1, g.out_h), ow_end = least(g.stride_w.divide(right) + 1, g.out_w);
        const std::int64_t ow_begin = earliest(right, g.pool_w, g.stride_w);
        T sum = gx[i];
        for (std::int64_t oh = earliest(down, g.pool_h, g.stride_h); oh < oh_end; ++oh) {
            const std::int64_t height = PoolRange(oh, g.pool_h, g.stride_h, g.pad_top, g.in_h).size();
            for (std::int64_t ow = ow_begin; ow < ow_end; ++ow) {
                const std::int64_t cells = height * PoolRange(ow, g.pool_w, g.stride_w, g.pad_left, g.in_w).size();
                sum += T(1) / static_cast<T>(cells) * gy[((n * g.out_h + oh) * g.out_w + ow) * g.channels + c];
            }
        }
        gx[i] = sum;
    }

private:
    /// The first output position whose window comes to `position` of the padded input.
    static ASSAY_HOST_DEVICE std::int64_t earliest(std::int64_t position, std::int64_t pool, const Extent& stride) {
        return position < pool ? 0 : stride.divide(position - pool) + 1;
    }
};

}  // namespace assay::engine::device
