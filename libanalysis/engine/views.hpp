#pragma once
// Views of backend.hpp as typed pointers, with the checks that every primitive makes: a wrong size or type here is a defect
// of the caller, never of a user's file.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/backend.hpp"

#include <string>

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

inline void require_ints(ConstView index, const char* primitive) { require(index.type == DType::int32, primitive, "int32 indices"); }

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
