// The windows of a convolution, unrolled.

#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/cpu/short_copies.hpp"
#include "libanalysis/engine/views.hpp"

#include <algorithm>

namespace assay::engine::cpu {

namespace {

/// Cells next to one another in a row of x stay so in the window: an undilated kernel row is one piece.
template <class T>
void windows_kernel(const ConvGeometry& g, const T* x, T* to) {
    const std::int64_t row = g.kernel_w * g.in_c;
    with_short_copy<T>(static_cast<std::size_t>(row), [&](auto copy_row) {
        for (std::int64_t n = 0; n < g.batch; ++n) {
            const T* image = x + n * g.in_h * g.in_w * g.in_c;
            for (std::int64_t top = -g.pad_top; top < g.out_h * g.stride_h - g.pad_top; top += g.stride_h) {
                for (std::int64_t left = -g.pad_left; left < g.out_w * g.stride_w - g.pad_left; left += g.stride_w) {
                    const bool whole = g.dilation_w == 1 && left >= 0 && left + g.kernel_w <= g.in_w;
                    for (std::int64_t kh = 0; kh < g.kernel_h; ++kh, to += row) {
                        const std::int64_t h = top + kh * g.dilation_h;
                        const T* from = image + h * g.in_w * g.in_c;
                        if (h < 0 || h >= g.in_h) {
                            std::fill_n(to, row, T(0));
                        } else if (whole) {
                            copy_row(from + left * g.in_c, to);
                        } else {
                            for (std::int64_t kw = 0; kw < g.kernel_w; ++kw) {
                                const std::int64_t w = left + kw * g.dilation_w;
                                if (w < 0 || w >= g.in_w) std::fill_n(to + kw * g.in_c, g.in_c, T(0));
                                else std::copy_n(from + w * g.in_c, g.in_c, to + kw * g.in_c);
                            }
                        }
                    }
                }
            }
        }
    });
}

}  // namespace

void CpuBackend::conv_windows(const ConvGeometry& g, ConstView x, View windows) {
    require(g.groups == 1, "conv_windows", "one group");
    require(static_cast<std::int64_t>(x.size) == g.batch * g.in_h * g.in_w * g.in_c &&
                static_cast<std::int64_t>(windows.size) == g.batch * g.out_h * g.out_w * g.kernel_h * g.kernel_w * g.in_c,
            "conv_windows", "arrays of the geometry's sizes");
    with_float_of("conv_windows", [&]<class T>(T) { windows_kernel(g, as<T>(x), as<T>(windows)); }, x, windows);
}

}  // namespace assay::engine::cpu
