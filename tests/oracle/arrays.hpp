#pragma once
// Slow and obvious: the engine's primitives as loops over doubles, written from their definitions. Accumulating forms add to
// what the result already holds.

#include "libanalysis/engine/backend.hpp"

#include <cmath>
#include <vector>

namespace assay::oracle {

using Array = std::vector<double>;
using engine::ConvGeometry;
using engine::PoolGeometry;

inline std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// c = alpha op(a) op(b) + beta c.
inline void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha, const Array& a,
                 std::int64_t lda, const Array& b, std::int64_t ldb, double beta, Array& c, std::int64_t ldc, std::int64_t a0 = 0,
                 std::int64_t b0 = 0, std::int64_t c0 = 0) {
    for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
            double sum = 0;
            for (std::int64_t p = 0; p < k; ++p) {
                sum += a[at(a0 + (transpose_a ? p * lda + i : i * lda + p))] * b[at(b0 + (transpose_b ? j * ldb + p : p * ldb + j))];
            }
            double& out = c[at(c0 + i * ldc + j)];
            out = alpha * sum + (beta == 0 ? 0 : beta * out);
        }
    }
}

/// Calls body(x index, w index, y index) for every product of the convolution.
template <class Body>
void for_conv_products(const ConvGeometry& g, Body&& body) {
    const std::int64_t in = g.in_c / g.groups, out = g.out_c / g.groups;
    for (std::int64_t n = 0; n < g.batch; ++n)
        for (std::int64_t oh = 0; oh < g.out_h; ++oh)
            for (std::int64_t ow = 0; ow < g.out_w; ++ow)
                for (std::int64_t oc = 0; oc < g.out_c; ++oc)
                    for (std::int64_t kh = 0; kh < g.kernel_h; ++kh)
                        for (std::int64_t kw = 0; kw < g.kernel_w; ++kw)
                            for (std::int64_t ic = 0; ic < in; ++ic) {
                                const std::int64_t h = oh * g.stride_h + kh * g.dilation_h - g.pad_top;
                                const std::int64_t w = ow * g.stride_w + kw * g.dilation_w - g.pad_left;
                                if (h < 0 || h >= g.in_h || w < 0 || w >= g.in_w) continue;
                                const std::int64_t group = oc / out;
                                body(at(((n * g.in_h + h) * g.in_w + w) * g.in_c + group * in + ic),
                                     at(((kh * g.kernel_w + kw) * in + ic) * g.out_c + oc), at(((n * g.out_h + oh) * g.out_w + ow) * g.out_c + oc));
                            }
}

/// Calls body(output index, input index, cells in the window) for every cell of every pooling window, in row order.
template <class Body>
void for_pool_cells(const PoolGeometry& g, Body&& body) {
    for (std::int64_t n = 0; n < g.batch; ++n)
        for (std::int64_t oh = 0; oh < g.out_h; ++oh)
            for (std::int64_t ow = 0; ow < g.out_w; ++ow)
                for (std::int64_t c = 0; c < g.channels; ++c) {
                    std::vector<std::int64_t> cells;
                    for (std::int64_t ph = 0; ph < g.pool_h; ++ph)
                        for (std::int64_t pw = 0; pw < g.pool_w; ++pw) {
                            const std::int64_t h = oh * g.stride_h - g.pad_top + ph, w = ow * g.stride_w - g.pad_left + pw;
                            if (h >= 0 && h < g.in_h && w >= 0 && w < g.in_w) cells.push_back(((n * g.in_h + h) * g.in_w + w) * g.channels + c);
                        }
                    for (const std::int64_t cell : cells) {
                        body(at(((n * g.out_h + oh) * g.out_w + ow) * g.channels + c), at(cell), static_cast<double>(cells.size()));
                    }
                }
}

}  // namespace assay::oracle
