// Convolution and its two transposes: oneDNN in float32, unrolled windows (im2col.hpp) in float64 and for what oneDNN lacks.

#include "libanalysis/engine/cpu/clones.hpp"
#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/cpu/im2col.hpp"
#include "libanalysis/engine/cpu/onednn_convolution.hpp"
#include "libanalysis/engine/cpu/views.hpp"

namespace assay::engine::cpu {

namespace {

using Kind = OneDnnConvolutions::Kind;

void require_geometry(const ConvGeometry& g, ConstView x, ConstView w, ConstView y, const char* primitive) {
    const auto fits = [](std::int64_t in, std::int64_t before, std::int64_t after, std::int64_t kernel, std::int64_t dilation,
                         std::int64_t stride, std::int64_t out) {
        return stride > 0 && dilation > 0 && kernel > 0 && (in + before + after - ((kernel - 1) * dilation + 1)) / stride + 1 == out;
    };
    require(g.groups > 0 && g.in_c % g.groups == 0 && g.out_c % g.groups == 0, primitive, "channels that the groups divide");
    require(fits(g.in_h, g.pad_top, g.pad_bottom, g.kernel_h, g.dilation_h, g.stride_h, g.out_h) &&
                fits(g.in_w, g.pad_left, g.pad_right, g.kernel_w, g.dilation_w, g.stride_w, g.out_w),
            primitive, "an output size that follows from the input's");
    require(static_cast<std::int64_t>(x.size) == g.batch * g.in_h * g.in_w * g.in_c &&
                static_cast<std::int64_t>(w.size) == g.kernel_h * g.kernel_w * (g.in_c / g.groups) * g.out_c &&
                static_cast<std::int64_t>(y.size) == g.batch * g.out_h * g.out_w * g.out_c,
            primitive, "arrays of the geometry's sizes");
}

ASSAY_CLONES void add(const float* x, float* y, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) y[i] += x[i];
}

/// Runs a kind that cannot add through scratch memory where it must add.
bool run_and_add(OneDnnConvolutions& convolutions, Scratch& partial, Kind kind, const ConvGeometry& g, ConstView a, ConstView b, View out,
                 bool accumulate) {
    if (!accumulate) return convolutions.run(kind, g, as<float>(a), as<float>(b), as<float>(out));
    float* target = partial.reserve_elements<float>(out.size);
    if (!convolutions.run(kind, g, as<float>(a), as<float>(b), target)) return false;
    add(target, as<float>(out), out.size);
    return true;
}

/// Cells next to one another in a row of x stay so in the window: an undilated kernel row is one piece.
template <class T>
void windows_kernel(const ConvGeometry& g, const T* x, T* to) {
    const std::int64_t row = g.kernel_w * g.in_c;
    for (std::int64_t p = 0; p < g.batch * g.out_h * g.out_w; ++p) {
        const std::int64_t n = p / (g.out_h * g.out_w), top = p / g.out_w % g.out_h * g.stride_h - g.pad_top, left = p % g.out_w * g.stride_w - g.pad_left;
        const bool whole = g.dilation_w == 1 && left >= 0 && left + g.kernel_w <= g.in_w;
        for (std::int64_t kh = 0; kh < g.kernel_h; ++kh, to += row) {
            const std::int64_t h = top + kh * g.dilation_h;
            if (h < 0 || h >= g.in_h) {
                std::fill_n(to, row, T(0));
                continue;
            }
            const T* from = x + (n * g.in_h + h) * g.in_w * g.in_c;
            if (whole) {
                std::copy_n(from + left * g.in_c, row, to);
                continue;
            }
            for (std::int64_t kw = 0; kw < g.kernel_w; ++kw) {
                const std::int64_t w = left + kw * g.dilation_w;
                if (w < 0 || w >= g.in_w) std::fill_n(to + kw * g.in_c, g.in_c, T(0));
                else std::copy_n(from + w * g.in_c, g.in_c, to + kw * g.in_c);
            }
        }
    }
}

}  // namespace

void CpuBackend::conv_windows(const ConvGeometry& g, ConstView x, View windows) {
    require(g.groups == 1, "conv_windows", "one group");
    require(static_cast<std::int64_t>(x.size) == g.batch * g.in_h * g.in_w * g.in_c &&
                static_cast<std::int64_t>(windows.size) == g.batch * g.out_h * g.out_w * g.kernel_h * g.kernel_w * g.in_c,
            "conv_windows", "arrays of the geometry's sizes");
    with_float_of("conv_windows", [&]<class T>(T) { windows_kernel(g, as<T>(x), as<T>(windows)); }, x, windows);
}

void CpuBackend::conv_forward(const ConvGeometry& g, ConstView x, ConstView w, View y, bool accumulate) {
    require_geometry(g, x, w, y, "conv_forward");
    if (y.size == 0) return;
    with_float_of("conv_forward", [&]<class T>(T) {
        if constexpr (std::is_same_v<T, float>) {
            if (state_->convolutions->run(accumulate ? Kind::forward_add : Kind::forward, g, as<T>(x), as<T>(w), as<T>(y))) return;
        }
        Im2Col<T>(g, state_->columns).forward(as<T>(x), as<T>(w), as<T>(y), accumulate);
    }, x, w, y);
}

void CpuBackend::conv_backward_input(const ConvGeometry& g, ConstView gy, ConstView w, View gx, bool accumulate) {
    require_geometry(g, gx, w, gy, "conv_backward_input");
    if (gx.size == 0) return;
    with_float_of("conv_backward_input", [&]<class T>(T) {
        if constexpr (std::is_same_v<T, float>) {
            if (run_and_add(*state_->convolutions, state_->partial, Kind::backward_input, g, gy, w, gx, accumulate)) return;
        }
        Im2Col<T>(g, state_->columns).backward_input(as<T>(gy), as<T>(w), as<T>(gx), accumulate);
    }, gy, w, gx);
}

void CpuBackend::conv_backward_weights(const ConvGeometry& g, ConstView x, ConstView gy, View gw, bool accumulate) {
    require_geometry(g, x, gw, gy, "conv_backward_weights");
    if (gw.size == 0) return;
    with_float_of("conv_backward_weights", [&]<class T>(T) {
        if constexpr (std::is_same_v<T, float>) {
            if (gy.size > 0 && run_and_add(*state_->convolutions, state_->partial, Kind::backward_weights, g, x, gy, gw, accumulate)) return;
        }
        Im2Col<T>(g, state_->columns).backward_weights(as<T>(x), as<T>(gy), as<T>(gw), accumulate);
    }, x, gy, gw);
}

}  // namespace assay::engine::cpu
