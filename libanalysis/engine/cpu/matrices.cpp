// Matrix primitives: products, and rows or columns spread over a matrix.

#include "libanalysis/engine/cpu/clones.hpp"
#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/cpu/gemm.hpp"
#include "libanalysis/engine/cpu/views.hpp"

namespace assay::engine::cpu {

namespace {

/// Elements from the first to one past the last of a [rows, cols] matrix with the given leading dimension.
std::size_t extent(std::int64_t rows, std::int64_t cols, std::int64_t leading) {
    return rows == 0 || cols == 0 ? 0 : static_cast<std::size_t>((rows - 1) * leading + cols);
}

void require_product(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, ConstView a, std::int64_t lda,
                     ConstView b, std::int64_t ldb, ConstView c, std::int64_t ldc, const char* primitive) {
    require(m >= 0 && n >= 0 && k >= 0, primitive, "extents that are not negative");
    const std::int64_t a_rows = transpose_a ? k : m, a_cols = transpose_a ? m : k;
    const std::int64_t b_rows = transpose_b ? n : k, b_cols = transpose_b ? k : n;
    require(lda >= a_cols && ldb >= b_cols && ldc >= n, primitive, "leading dimensions that cover a row");
    require(a.size >= extent(a_rows, a_cols, lda) && b.size >= extent(b_rows, b_cols, ldb) && c.size >= extent(m, n, ldc), primitive,
            "matrices that their views hold");
}

template <class T>
ASSAY_CLONES void add_row_kernel(const T* row, T* x, std::int64_t rows, std::int64_t cols) {
    for (std::int64_t r = 0; r < rows; ++r) {
        T* to = x + r * cols;
#pragma GCC ivdep
        for (std::int64_t c = 0; c < cols; ++c) to[c] += row[c];
    }
}

template <class T>
ASSAY_CLONES void multiply_row_kernel(const T* row, const T* x, T* y, std::int64_t rows, std::int64_t cols, bool accumulate) {
    for (std::int64_t r = 0; r < rows; ++r) {
        const T* from = x + r * cols;
        T* to = y + r * cols;
        if (accumulate) {
#pragma GCC ivdep
            for (std::int64_t c = 0; c < cols; ++c) to[c] += from[c] * row[c];
        } else {
#pragma GCC ivdep
            for (std::int64_t c = 0; c < cols; ++c) to[c] = from[c] * row[c];
        }
    }
}

template <class T>
ASSAY_CLONES void multiply_column_kernel(const T* column, const T* x, T* y, std::int64_t rows, std::int64_t cols, bool accumulate) {
    for (std::int64_t r = 0; r < rows; ++r) {
        const T factor = column[r];
        const T* from = x + r * cols;
        T* to = y + r * cols;
        if (accumulate) {
#pragma GCC ivdep
            for (std::int64_t c = 0; c < cols; ++c) to[c] += factor * from[c];
        } else {
#pragma GCC ivdep
            for (std::int64_t c = 0; c < cols; ++c) to[c] = factor * from[c];
        }
    }
}

}  // namespace

void CpuBackend::gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha, ConstView a,
                      std::int64_t lda, ConstView b, std::int64_t ldb, double beta, View c, std::int64_t ldc) {
    require_product(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, c, ldc, "gemm");
    with_float_of("gemm", [&]<class T>(T) {
        cpu::gemm(transpose_a, transpose_b, m, n, k, static_cast<T>(alpha), as<T>(a), lda, as<T>(b), ldb, static_cast<T>(beta), as<T>(c), ldc);
    }, a, b, c);
}

void CpuBackend::gemm_batched(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha,
                              ConstView a, std::int64_t lda, std::int64_t stride_a, ConstView b, std::int64_t ldb, std::int64_t stride_b,
                              double beta, View c, std::int64_t ldc, std::int64_t stride_c, std::int64_t count) {
    if (count == 0) return;
    require(stride_a >= 0 && stride_b >= 0 && stride_c >= 0, "gemm_batched", "distances that are not negative");
    const auto past = [&](ConstView x, std::int64_t stride) {
        const std::size_t offset = static_cast<std::size_t>(stride) * static_cast<std::size_t>(count - 1);
        require(x.size >= offset, "gemm_batched", "matrices that their views hold");
        return ConstView{x.data, x.size - offset, x.type};
    };
    require_product(transpose_a, transpose_b, m, n, k, past(a, stride_a), lda, past(b, stride_b), ldb, past(c, stride_c), ldc, "gemm_batched");
    with_float_of("gemm_batched", [&]<class T>(T) {
        for (std::int64_t i = 0; i < count; ++i) {
            cpu::gemm(transpose_a, transpose_b, m, n, k, static_cast<T>(alpha), as<T>(a) + i * stride_a, lda, as<T>(b) + i * stride_b, ldb,
                      static_cast<T>(beta), as<T>(c) + i * stride_c, ldc);
        }
    }, a, b, c);
}

void CpuBackend::add_row(ConstView row, View x, std::int64_t rows, std::int64_t cols) {
    require_matrix(row, 1, cols, "add_row");
    require_matrix(x, rows, cols, "add_row");
    with_float_of("add_row", [&]<class T>(T) { add_row_kernel(as<T>(row), as<T>(x), rows, cols); }, row, x);
}

void CpuBackend::multiply_row(ConstView row, ConstView x, View y, std::int64_t rows, std::int64_t cols, bool accumulate) {
    require_matrix(row, 1, cols, "multiply_row");
    require_matrix(x, rows, cols, "multiply_row");
    require_matrix(y, rows, cols, "multiply_row");
    with_float_of("multiply_row", [&]<class T>(T) {
        multiply_row_kernel(as<T>(row), as<T>(x), as<T>(y), rows, cols, accumulate);
    }, row, x, y);
}

void CpuBackend::multiply_column(ConstView column, ConstView x, View y, std::int64_t rows, std::int64_t cols, bool accumulate) {
    require_matrix(column, rows, 1, "multiply_column");
    require_matrix(x, rows, cols, "multiply_column");
    require_matrix(y, rows, cols, "multiply_column");
    with_float_of("multiply_column", [&]<class T>(T) {
        multiply_column_kernel(as<T>(column), as<T>(x), as<T>(y), rows, cols, accumulate);
    }, column, x, y);
}

}  // namespace assay::engine::cpu
