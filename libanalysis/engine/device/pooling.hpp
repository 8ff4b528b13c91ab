#pragma once
// Pooling over NHWC as functors of a flat index. A window is cut at the borders, so padding is neither chosen nor counted.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/device/index.hpp"

namespace assay::engine::device {

/// The cells that one window meets on one axis: begin .. end - 1.
struct PoolRange {
    std::int64_t begin, end;
    ASSAY_HOST_DEVICE PoolRange(std::int64_t out, std::int64_t pool, std::int64_t stride, std::int64_t before, std::int64_t in)
        : begin(most(out * stride - before, 0)), end(least(out * stride - before + pool, in)) {}
    ASSAY_HOST_DEVICE std::int64_t size() const { return end - begin; }
};

/// Where an output is: its window, and the flat index of its channel in the first cell of its image.
struct PoolWindow {
    std::int64_t base;
    PoolRange rows, cols;
    static ASSAY_HOST_DEVICE PoolWindow of(const PoolGeometry& g, std::int64_t i) {
        const std::int64_t c = last_axis(i, g.channels), ow = last_axis(i, g.out_w), oh = last_axis(i, g.out_h);
        return {i * g.in_h * g.in_w * g.channels + c, {oh, g.pool_h, g.stride_h, g.pad_top, g.in_h}, {ow, g.pool_w, g.stride_w, g.pad_left, g.in_w}};
    }
};

/// y[i] = the largest of its window, argmax[i] = the flat index of the first such; a NaN wins over every number, so that it is seen.
template <class T>
struct MaxPool {
    PoolGeometry g;
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
    PoolGeometry g;
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
    PoolGeometry g;
    const T* gy;
    T* gx;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        std::int64_t n = i;
        const std::int64_t c = last_axis(n, g.channels), w = last_axis(n, g.in_w), h = last_axis(n, g.in_h);
        const std::int64_t down = h + g.pad_top, right = w + g.pad_left;
        const std::int64_t oh_end = least(down / g.stride_h + 1, g.out_h), ow_end = least(right / g.stride_w + 1, g.out_w);
        T sum = gx[i];
        for (std::int64_t oh = earliest(down, g.pool_h, g.stride_h); oh < oh_end; ++oh) {
            const std::int64_t height = PoolRange(oh, g.pool_h, g.stride_h, g.pad_top, g.in_h).size();
            for (std::int64_t ow = earliest(right, g.pool_w, g.stride_w); ow < ow_end; ++ow) {
                const std::int64_t cells = height * PoolRange(ow, g.pool_w, g.stride_w, g.pad_left, g.in_w).size();
                sum += T(1) / static_cast<T>(cells) * gy[((n * g.out_h + oh) * g.out_w + ow) * g.channels + c];
            }
        }
        gx[i] = sum;
    }

private:
    /// The first output position whose window comes to `position` of the padded input.
    static ASSAY_HOST_DEVICE std::int64_t earliest(std::int64_t position, std::int64_t pool, std::int64_t stride) {
        return position < pool ? 0 : (position - pool) / stride + 1;
    }
};

}  // namespace assay::engine::device
