// Pooling over NHWC. A window is cut at the borders, so padding is neither chosen nor counted.

#include "libanalysis/core/clones.hpp"
#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/views.hpp"

#include <algorithm>
#include <limits>

namespace assay::engine::cpu {

namespace {

std::size_t input_size(const PoolGeometry& g) { return static_cast<std::size_t>(g.batch * g.in_h * g.in_w * g.channels); }
std::size_t output_size(const PoolGeometry& g) { return static_cast<std::size_t>(g.batch * g.out_h * g.out_w * g.channels); }

/// Calls body(output offset, image offset, row range, column range) for every output position.
template <class Body>
void for_windows(const PoolGeometry& g, const char* primitive, Body&& body) {
    for (std::int64_t n = 0; n < g.batch; ++n) {
        const std::int64_t image = n * g.in_h * g.in_w * g.channels;
        for (std::int64_t oh = 0; oh < g.out_h; ++oh) {
            const std::int64_t top = oh * g.stride_h - g.pad_top;
            const std::int64_t h0 = std::max<std::int64_t>(top, 0), h1 = std::min(top + g.pool_h, g.in_h);
            for (std::int64_t ow = 0; ow < g.out_w; ++ow) {
                const std::int64_t left = ow * g.stride_w - g.pad_left;
                const std::int64_t w0 = std::max<std::int64_t>(left, 0), w1 = std::min(left + g.pool_w, g.in_w);
                require(h0 < h1 && w0 < w1, primitive, "windows that meet the input");
                body(((n * g.out_h + oh) * g.out_w + ow) * g.channels, image, h0, h1, w0, w1);
            }
        }
    }
}

template <class T>
ASSAY_CLONES void choose_kernel(const T* x, std::int32_t index, std::int64_t channels, T* best, std::int32_t* argmax) {
#pragma GCC ivdep
    for (std::int64_t c = 0; c < channels; ++c) {
        // A NaN wins over every number, so that it is seen at the output.
        const bool better = (x[c] > best[c]) | ((x[c] != x[c]) & (best[c] == best[c]));
        best[c] = better ? x[c] : best[c];
        argmax[c] = better ? index + static_cast<std::int32_t>(c) : argmax[c];
    }
}

template <class T>
ASSAY_CLONES void add_kernel(const T* x, T* y, std::int64_t channels) {
#pragma GCC ivdep
    for (std::int64_t c = 0; c < channels; ++c) y[c] += x[c];
}

template <class T>
ASSAY_CLONES void scale_kernel(T a, T* y, std::int64_t channels) {
    for (std::int64_t c = 0; c < channels; ++c) y[c] *= a;
}

template <class T>
ASSAY_CLONES void add_scaled_kernel(T a, const T* x, T* y, std::int64_t channels) {
#pragma GCC ivdep
    for (std::int64_t c = 0; c < channels; ++c) y[c] += a * x[c];
}

}  // namespace

void CpuBackend::max_pool(const PoolGeometry& g, ConstView x, View y, View argmax) {
    require(x.size == input_size(g) && y.size == output_size(g) && argmax.size == y.size, "max_pool", "arrays of the geometry's sizes");
    require(x.size <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()), "max_pool", "fewer than 2^31 inputs");
    require_ints(argmax, "max_pool");
    with_float_of("max_pool", [&]<class T>(T) {
        for_windows(g, "max_pool", [&](std::int64_t out, std::int64_t image, std::int64_t h0, std::int64_t h1, std::int64_t w0, std::int64_t w1) {
            T* best = as<T>(y) + out;
            std::int32_t* index = as<std::int32_t>(argmax) + out;
            const std::int64_t start = image + (h0 * g.in_w + w0) * g.channels;
            for (std::int64_t c = 0; c < g.channels; ++c) {
                best[c] = as<T>(x)[start + c];
                index[c] = static_cast<std::int32_t>(start + c);
            }
            for (std::int64_t h = h0; h < h1; ++h) {
                for (std::int64_t w = w0; w < w1; ++w) {
                    const std::int64_t offset = image + (h * g.in_w + w) * g.channels;
                    choose_kernel(as<T>(x) + offset, static_cast<std::int32_t>(offset), g.channels, best, index);
                }
            }
        });
    }, x, y);
}

void CpuBackend::average_pool(const PoolGeometry& g, ConstView x, View y) {
    require(x.size == input_size(g) && y.size == output_size(g), "average_pool", "arrays of the geometry's sizes");
    with_float_of("average_pool", [&]<class T>(T) {
        std::fill_n(as<T>(y), y.size, T(0));
        for_windows(g, "average_pool", [&](std::int64_t out, std::int64_t image, std::int64_t h0, std::int64_t h1, std::int64_t w0, std::int64_t w1) {
            for (std::int64_t h = h0; h < h1; ++h) {
                for (std::int64_t w = w0; w < w1; ++w) {
                    add_kernel(as<T>(x) + image + (h * g.in_w + w) * g.channels, as<T>(y) + out, g.channels);
                }
            }
            scale_kernel(T(1) / static_cast<T>((h1 - h0) * (w1 - w0)), as<T>(y) + out, g.channels);
        });
    }, x, y);
}

void CpuBackend::average_pool_transpose(const PoolGeometry& g, ConstView gy, View gx) {
    require(gx.size == input_size(g) && gy.size == output_size(g), "average_pool_transpose", "arrays of the geometry's sizes");
    with_float_of("average_pool_transpose", [&]<class T>(T) {
        for_windows(g, "average_pool_transpose", [&](std::int64_t out, std::int64_t image, std::int64_t h0, std::int64_t h1, std::int64_t w0, std::int64_t w1) {
            const T share = T(1) / static_cast<T>((h1 - h0) * (w1 - w0));
            for (std::int64_t h = h0; h < h1; ++h) {
                for (std::int64_t w = w0; w < w1; ++w) {
                    add_scaled_kernel(share, as<T>(gy) + out, as<T>(gx) + image + (h * g.in_w + w) * g.channels, g.channels);
                }
            }
        });
    }, gy, gx);
}

}  // namespace assay::engine::cpu
