#pragma once
// Convolutions of many shapes, and their three passes on a backend and by loops over doubles: for what computes convolutions by a library.

#include "libanalysis/engine/backend.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/oracle/arrays.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace assay::test {

/// One axis: input, kernel, stride, dilation, padding before and behind.
struct Along { std::int64_t in, kernel, stride, dilation, before, behind; };

inline engine::ConvGeometry geometry(Along h, Along w, std::int64_t in_c, std::int64_t out_c, std::int64_t groups) {
    const auto out = [](const Along& a) { return (a.in + a.before + a.behind - ((a.kernel - 1) * a.dilation + 1)) / a.stride + 1; };
    engine::ConvGeometry g;
    g.batch = 3, g.in_h = h.in, g.in_w = w.in, g.in_c = in_c, g.out_h = out(h), g.out_w = out(w), g.out_c = out_c, g.groups = groups;
    g.kernel_h = h.kernel, g.kernel_w = w.kernel, g.stride_h = h.stride, g.stride_w = w.stride, g.dilation_h = h.dilation, g.dilation_w = w.dilation;
    g.pad_top = h.before, g.pad_bottom = h.behind, g.pad_left = w.before, g.pad_right = w.behind;
    return g;
}

constexpr const char* convolution_passes[] = {"forward", "backward by inputs", "backward by weights"};

/// Arrays of one shape, and the three passes on a backend and by loops. `offset` elements lie before each array.
class Convolutions {
public:
    explicit Convolutions(const engine::ConvGeometry& geometry, double scale = 1)
        : g(geometry), x(scaled(g.batch * g.in_h * g.in_w * g.in_c, 1, scale)), w(scaled(g.kernel_h * g.kernel_w * (g.in_c / g.groups) * g.out_c, 2, scale)),
          y(scaled(g.batch * g.out_h * g.out_w * g.out_c, 3, scale)) {}

    /// Of y, gx, gw; each begins with 0.5 where it is added to.
    std::array<oracle::Array, 3> on(engine::Backend& b, bool add, std::size_t offset = 0, engine::DType type = engine::DType::float32) const {
        const Input dx(b, x, offset, type), dw(b, w, offset, type), dy(b, y, offset, type);
        Input ry(b, oracle::Array(y.size(), 0.5), offset, type), rx(b, oracle::Array(x.size(), 0.5), offset, type), rw(b, oracle::Array(w.size(), 0.5), offset, type);
        b.conv_forward(g, dx.view(), dw.view(), ry.result(), add);
        b.conv_backward_input(g, dy.view(), dw.view(), rx.result(), add);
        b.conv_backward_weights(g, dx.view(), dy.view(), rw.result(), add);
        return {b.to_host(ry.view()), b.to_host(rx.view()), b.to_host(rw.view())};
    }
    std::array<oracle::Array, 3> by_loops(bool add) const {
        const double before = add ? 0.5 : 0;
        std::array<oracle::Array, 3> all{oracle::Array(y.size(), before), oracle::Array(x.size(), before), oracle::Array(w.size(), before)};
        oracle::for_conv_products(g, [&](std::size_t i, std::size_t j, std::size_t k) {
            all[0][k] += x[i] * w[j];
            all[1][i] += y[k] * w[j];
            all[2][j] += x[i] * y[k];
        });
        return all;
    }
    void expect_right(const std::array<oracle::Array, 3>& found, bool add, double tolerance = roundoff<float>) const {
        const auto expected = by_loops(add);
        for (std::size_t pass = 0; pass < 3; ++pass) EXPECT_LE(distance(found[pass], expected[pass]), tolerance) << convolution_passes[pass] << (add ? ", added" : "");
    }

    const engine::ConvGeometry g;

private:
    static oracle::Array scaled(std::int64_t count, std::uint64_t stream, double scale) {
        oracle::Array values = normals(oracle::at(count), stream);
        for (double& value : values) value *= scale;
        return values;
    }
    class Input {
    public:
        Input(engine::Backend& b, const oracle::Array& values, std::size_t offset, engine::DType type) : offset_(offset), size_(values.size()) {
            oracle::Array all(offset, 7.0);
            all.insert(all.end(), values.begin(), values.end());
            buffer_ = b.from_host(all, type);
        }
        engine::ConstView view() const { return buffer_.const_view().slice(offset_, size_); }
        engine::View result() { return buffer_.view().slice(offset_, size_); }

    private:
        std::size_t offset_, size_;
        engine::Buffer buffer_;
    };
    oracle::Array x, w, y;
};

/// Padding that differs between two sides, strides, dilation, groups, even kernels.
inline const std::vector<engine::ConvGeometry> library_shapes{
    // input, kernel, stride, dilation, padding before and behind; rows, then columns
    geometry({7, 3, 1, 1, 1, 1}, {6, 3, 1, 1, 1, 1}, 4, 5, 1),
    geometry({8, 3, 2, 1, 0, 1}, {7, 3, 2, 1, 1, 1}, 4, 6, 1),    // "same" with stride 2: padded behind alone, in one axis
    geometry({8, 3, 2, 1, 0, 1}, {8, 3, 2, 1, 0, 1}, 3, 2, 1),    // in both
    geometry({9, 2, 1, 1, 0, 1}, {5, 4, 1, 1, 1, 2}, 2, 3, 1),    // even kernels
    geometry({9, 1, 1, 1, 0, 0}, {7, 2, 1, 1, 2, 0}, 3, 4, 1),    // causal, in columns alone
    geometry({9, 3, 1, 2, 2, 2}, {10, 3, 1, 3, 1, 4}, 4, 4, 1),   // dilated
    geometry({6, 3, 1, 1, 1, 1}, {6, 3, 2, 1, 0, 1}, 6, 9, 3),    // grouped
    geometry({6, 3, 1, 1, 1, 1}, {5, 3, 1, 1, 0, 0}, 5, 5, 5),    // depthwise
    geometry({5, 1, 2, 1, 0, 0}, {6, 1, 2, 1, 0, 0}, 4, 3, 1),    // 1x1 with a stride
    geometry({7, 3, 2, 1, 0, 0}, {8, 3, 2, 1, 0, 0}, 2, 3, 1),    // "valid", the last column of which nobody sees
};

}  // namespace assay::test
