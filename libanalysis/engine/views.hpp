#pragma once
// Views of backend.hpp as typed pointers, with the checks that every primitive makes: a wrong size or type here is a defect
// of the caller, never of a user's file.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/backend.hpp"

#include <span>
#include <string>
#include <vector>

namespace assay::engine::views {

inline void require(bool holds, const char* primitive, const char* expected) {
    if (!holds) throw Error(ErrorKind::internal, {std::string("engine::Backend::") + primitive, expected, "something else"});
}

template <class T> const T* as(ConstView view) { return static_cast<const T*>(view.data); }
template <class T> T* as(View view) { return static_cast<T*>(view.data); }

inline std::size_t count(std::int64_t rows, std::int64_t cols) { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols); }

inline void require_matrix(ConstView x, std::int64_t rows, std::int64_t cols, const char* primitive) {
    require(rows >= 0 && cols >= 0 && x.size >= count(rows, cols), primitive, "a matrix that its view holds");
}

inline void require_affine_rows(ConstView x1, ConstView row1, ConstView x2, ConstView row2, ConstView shift, ConstView y, std::int64_t rows,
                                std::int64_t cols) {
    const char* primitive = "affine_rows";
    require_matrix(x1, rows, cols, primitive);
    require_matrix(row1, 1, cols, primitive);
    require_matrix(y, rows, cols, primitive);
    require(x2.empty() == row2.empty(), primitive, "both of x2 and row2 or neither");
    if (!x2.empty()) require_matrix(x2, rows, cols, primitive), require_matrix(row2, 1, cols, primitive);
    if (!shift.empty()) require_matrix(shift, 1, cols, primitive);
}

inline void require_column_dots(ConstView x, ConstView y, ConstView shift, std::int64_t rows, std::int64_t cols, ConstView dots) {
    const char* primitive = "column_dots";
    require_matrix(x, rows, cols, primitive);
    require_matrix(y, rows, cols, primitive);
    require_matrix(dots, 1, cols, primitive);
    if (!shift.empty()) require_matrix(shift, 1, cols, primitive);
}

/// Elements from the first to one past the last of a [rows, cols] matrix with the given leading dimension.
inline std::size_t extent(std::int64_t rows, std::int64_t cols, std::int64_t leading) {
    return rows == 0 || cols == 0 ? 0 : static_cast<std::size_t>((rows - 1) * leading + cols);
}

inline void require_product(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, ConstView a, std::int64_t lda,
                            ConstView b, std::int64_t ldb, ConstView c, std::int64_t ldc, const char* primitive) {
    require(m >= 0 && n >= 0 && k >= 0, primitive, "extents that are not negative");
    const std::int64_t a_rows = transpose_a ? k : m, a_cols = transpose_a ? m : k;
    const std::int64_t b_rows = transpose_b ? n : k, b_cols = transpose_b ? k : n;
    require(lda >= a_cols && ldb >= b_cols && ldc >= n, primitive, "leading dimensions that cover a row");
    require(a.size >= extent(a_rows, a_cols, lda) && b.size >= extent(b_rows, b_cols, ldb) && c.size >= extent(m, n, ldc), primitive,
            "matrices that their views hold");
}

/// The same of `count` products at fixed distances.
inline void require_products(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, ConstView a, std::int64_t lda,
                             std::int64_t stride_a, ConstView b, std::int64_t ldb, std::int64_t stride_b, ConstView c, std::int64_t ldc,
                             std::int64_t stride_c, std::int64_t count, const char* primitive) {
    require(count >= 0 && stride_a >= 0 && stride_b >= 0 && stride_c >= 0, primitive, "a count and distances that are not negative");
    if (count == 0) return;
    const auto last = [&](ConstView x, std::int64_t stride) {
        const std::size_t offset = static_cast<std::size_t>(stride) * static_cast<std::size_t>(count - 1);
        require(x.size >= offset, primitive, "matrices that their views hold");
        return ConstView{x.data, x.size - offset, x.type};
    };
    require_product(transpose_a, transpose_b, m, n, k, last(a, stride_a), lda, last(b, stride_b), ldb, last(c, stride_c), ldc, primitive);
}

inline void require_symmetric(std::int64_t n, std::int64_t matrices_count, ConstView matrices, ConstView values) {
    const char* primitive = "symmetric_eigenvalues";
    require(n >= 0 && matrices_count >= 0, primitive, "an order and a count that are not negative");
    require(values.size >= count(matrices_count, n) && matrices.size >= count(matrices_count, n) * static_cast<std::size_t>(n), primitive,
            "matrices and values that their views hold");
}

inline void require_ints(ConstView index, const char* primitive) { require(index.type == DType::int32, primitive, "int32 indices"); }

inline void require_geometry(const ConvGeometry& g, ConstView x, ConstView w, ConstView y, const char* primitive) {
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

/// The axes of y = x permuted: how long each is, and how far apart in x its neighbours are.
struct Permutation { std::vector<std::int64_t> extent, step; };

inline Permutation require_permutation(ConstView x, std::span<const std::int64_t> shape, std::span<const std::int64_t> order, ConstView y) {
    const std::size_t rank = shape.size();
    require(order.size() == rank && x.size == y.size, "permute", "an order of all axes and arrays of one size");
    std::vector<std::int64_t> stride(rank, 1);
    std::size_t total = 1;
    for (std::size_t axis = rank; axis-- > 0;) {
        stride[axis] = static_cast<std::int64_t>(total);
        total *= static_cast<std::size_t>(shape[axis]);
    }
    require(total == x.size, "permute", "arrays of the shape's size");
    Permutation permuted;
    std::vector<bool> seen(rank, false);
    for (const std::int64_t place : order) {
        const auto axis = static_cast<std::size_t>(place);
        require(place >= 0 && axis < rank && !seen[axis], "permute", "a permutation");
        seen[axis] = true;
        permuted.extent.push_back(shape[axis]);
        permuted.step.push_back(stride[axis]);
    }
    return permuted;
}

/// body(T{}) with T = float or double.
template <class Body>
decltype(auto) with_float(DType type, const char* primitive, Body&& body) {
    require(type != DType::int32, primitive, "float32 or float64");
    return type == DType::float32 ? body(float{}) : body(double{});
}

/// The same where all views must agree in type.
template <class Body, class... Views>
decltype(auto) with_float_of(const char* primitive, Body&& body, ConstView first, Views... others) {
    require(((others.type == first.type) && ...), primitive, "arguments of one type");
    return with_float(first.type, primitive, body);
}

}  // namespace assay::engine::views

namespace assay::engine::cpu { using namespace views; }
namespace assay::engine::cuda { using namespace views; }
