#pragma once
// Convolution as a matrix product over unrolled windows: the float64 path, the reference for the other path, and what
// float32 falls back to where oneDNN has nothing better. A block of output pixels at a time, one group at a time.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/cpu/gemm.hpp"
#include "libanalysis/engine/cpu/lane_state.hpp"

#include <algorithm>
#include <cstring>

namespace assay::engine::cpu {

template <class T>
class Im2Col {
public:
    Im2Col(const ConvGeometry& g, Scratch& scratch)
        : g_(g), in_per_group_(g.in_c / g.groups), out_per_group_(g.out_c / g.groups),
          window_(g.kernel_h * g.kernel_w * in_per_group_), pixels_(g.batch * g.out_h * g.out_w),
          // About 256 KiB of windows, so that they stay in the second-level cache between unrolling and product.
          block_(std::clamp<std::int64_t>((std::int64_t{1} << 18) / (static_cast<std::int64_t>(sizeof(T)) * std::max<std::int64_t>(window_, 1)), 16,
                                          std::max<std::int64_t>(pixels_, 16))),
          direct_(g.kernel_h == 1 && g.kernel_w == 1 && g.stride_h == 1 && g.stride_w == 1 && g.pad_top == 0 && g.pad_left == 0 &&
                  g.in_h == g.out_h && g.in_w == g.out_w),
          columns_(direct_ ? nullptr : scratch.reserve_elements<T>(static_cast<std::size_t>(block_ * window_))) {}

    void forward(const T* x, const T* w, T* y, bool accumulate) {
        for_blocks([&](std::int64_t group, std::int64_t first, std::int64_t count) {
            const auto [rows, leading] = unroll(x, group, first, count);
            gemm(false, false, count, out_per_group_, window_, T(1), rows, leading, w + group * out_per_group_, g_.out_c,
                 accumulate ? T(1) : T(0), y + first * g_.out_c + group * out_per_group_, g_.out_c);
        });
    }

    void backward_input(const T* gy, const T* w, T* gx, bool accumulate) {
        if (!accumulate) std::fill_n(gx, g_.batch * g_.in_h * g_.in_w * g_.in_c, T(0));
        for_blocks([&](std::int64_t group, std::int64_t first, std::int64_t count) {
            const T* rows = gy + first * g_.out_c + group * out_per_group_;
            const T* kernel = w + group * out_per_group_;
            if (direct_) {
                gemm(false, true, count, window_, out_per_group_, T(1), rows, g_.out_c, kernel, g_.out_c, T(1),
                     gx + first * g_.in_c + group * in_per_group_, g_.in_c);
            } else {
                gemm(false, true, count, window_, out_per_group_, T(1), rows, g_.out_c, kernel, g_.out_c, T(0), columns_, window_);
                roll(gx, group, first, count);
            }
        });
    }

    void backward_weights(const T* x, const T* gy, T* gw, bool accumulate) {
        if (!accumulate) std::fill_n(gw, window_ * g_.out_c, T(0));
        for_blocks([&](std::int64_t group, std::int64_t first, std::int64_t count) {
            const auto [rows, leading] = unroll(x, group, first, count);
            gemm(true, false, window_, out_per_group_, count, T(1), rows, leading, gy + first * g_.out_c + group * out_per_group_,
                 g_.out_c, T(1), gw + group * out_per_group_, g_.out_c);
        });
    }

private:
    struct Rows { const T* data; std::int64_t leading; };

    template <class Body>
    void for_blocks(Body&& body) {
        for (std::int64_t group = 0; group < g_.groups; ++group) {
            for (std::int64_t first = 0; first < pixels_; first += block_) body(group, first, std::min(block_, pixels_ - first));
        }
    }

    /// body(window cell in columns_, input cell or -1) for every cell of the windows of `count` output pixels.
    template <class Body>
    void for_cells(std::int64_t group, std::int64_t first, std::int64_t count, Body&& body) {
        for (std::int64_t p = first; p < first + count; ++p) {
            const std::int64_t n = p / (g_.out_h * g_.out_w), oh = p / g_.out_w % g_.out_h, ow = p % g_.out_w;
            T* cell = columns_ + (p - first) * window_;
            for (std::int64_t kh = 0; kh < g_.kernel_h; ++kh) {
                const std::int64_t h = oh * g_.stride_h - g_.pad_top + kh * g_.dilation_h;
                for (std::int64_t kw = 0; kw < g_.kernel_w; ++kw, cell += in_per_group_) {
                    const std::int64_t w = ow * g_.stride_w - g_.pad_left + kw * g_.dilation_w;
                    const bool inside = h >= 0 && h < g_.in_h && w >= 0 && w < g_.in_w;
                    body(cell, inside ? ((n * g_.in_h + h) * g_.in_w + w) * g_.in_c + group * in_per_group_ : -1);
                }
            }
        }
    }

    Rows unroll(const T* x, std::int64_t group, std::int64_t first, std::int64_t count) {
        if (direct_) return {x + first * g_.in_c + group * in_per_group_, g_.in_c};
        for_cells(group, first, count, [&](T* cell, std::int64_t source) {
            if (source >= 0) std::copy_n(x + source, in_per_group_, cell);
            else std::fill_n(cell, in_per_group_, T(0));
        });
        return {columns_, window_};
    }

    void roll(T* gx, std::int64_t group, std::int64_t first, std::int64_t count) {
        for_cells(group, first, count, [&](const T* cell, std::int64_t target) {
            if (target < 0) return;
            for (std::int64_t c = 0; c < in_per_group_; ++c) gx[target + c] += cell[c];
        });
    }

    const ConvGeometry& g_;
    std::int64_t in_per_group_, out_per_group_, window_, pixels_, block_;
    bool direct_;   ///< a 1x1 kernel: the input is its own unrolled form
    T* columns_;
};

}  // namespace assay::engine::cpu
