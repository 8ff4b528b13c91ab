// Matrix primitives: products, and rows or columns spread over a matrix.

#include "libanalysis/core/clones.hpp"
#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/cpu/gemm.hpp"
#include "libanalysis/engine/views.hpp"
#include "libanalysis/engine/cpu/wide_rows.hpp"

namespace assay::engine::cpu {

namespace {

/// y (+)= x1 row1 [+ x2 row2] [+ shift], row by row; what is null is not there.
template <class T, bool second, bool shifted, bool accumulate>
ASSAY_CLONES void affine_rows_kernel(const T* x1, const T* row1, const T* x2, const T* row2, const T* shift, T* y, std::size_t rows, std::size_t width) {
    for (std::size_t r = 0; r < rows; ++r) {
        const T *a = x1 + r * width, *b = second ? x2 + r * width : nullptr;
        T* to = y + r * width;
#pragma GCC ivdep
        for (std::size_t c = 0; c < width; ++c) {
            T value = a[c] * row1[c];
            if constexpr (second) value += b[c] * row2[c];
            if constexpr (shifted) value += shift[c];
            if constexpr (accumulate) to[c] += value;
            else to[c] = value;
        }
    }
}

template <class T>
ASSAY_CLONES void add_row_kernel(const T* row, T* x, std::size_t rows, std::size_t width) {
    for (std::size_t r = 0; r < rows; ++r) {
        T* to = x + r * width;
#pragma GCC ivdep
        for (std::size_t c = 0; c < width; ++c) to[c] += row[c];
    }
}

/// part(first element, rows, width) over a [rows, cols] matrix read as rows of several rows, then over what is left.
template <class Part>
void over_rows(std::int64_t rows, std::int64_t cols, Part&& part) {
    const auto count = static_cast<std::size_t>(rows), width = static_cast<std::size_t>(cols), together = rows_together(width);
    part(std::size_t{0}, count / together, width * together);
    part(count / together * together * width, count % together, width);
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
    require_products(transpose_a, transpose_b, m, n, k, a, lda, stride_a, b, ldb, stride_b, c, ldc, stride_c, count, "gemm_batched");
    with_float_of("gemm_batched", [&]<class T>(T) {
        for (std::int64_t i = 0; i < count; ++i) {
            cpu::gemm(transpose_a, transpose_b, m, n, k, static_cast<T>(alpha), as<T>(a) + i * stride_a, lda, as<T>(b) + i * stride_b, ldb,
                      static_cast<T>(beta), as<T>(c) + i * stride_c, ldc);
        }
    }, a, b, c);
}

void CpuBackend::add_row(ConstView row, View x, std::int64_t rows, std::int64_t cols) {
    require_matrix(x, rows, cols, "add_row");
    require_matrix(row, 1, cols, "add_row");
    if (cols == 0) return;
    with_float_of("add_row", [&]<class T>(T) {
        const T* wide = repeat(as<T>(row), static_cast<std::size_t>(cols), state_->wide);
        over_rows(rows, cols, [&](std::size_t at, std::size_t count, std::size_t width) { add_row_kernel(wide, as<T>(x) + at, count, width); });
    }, row, x);
}

void CpuBackend::multiply_row(ConstView row, ConstView x, View y, std::int64_t rows, std::int64_t cols, bool accumulate) {
    affine_rows(x, row, {}, {}, {}, y, rows, cols, accumulate);
}

void CpuBackend::affine_rows(ConstView x1, ConstView row1, ConstView x2, ConstView row2, ConstView shift, View y, std::int64_t rows, std::int64_t cols,
                             bool accumulate) {
    require_affine_rows(x1, row1, x2, row2, shift, y, rows, cols);
    if (cols == 0) return;
    const auto same = [&](ConstView view) { return view.empty() ? x1 : view; };
    with_float_of("affine_rows", [&]<class T>(T) {
        const T* a = repeat(as<T>(row1), static_cast<std::size_t>(cols), state_->wide);
        const T* b = x2.empty() ? nullptr : repeat(as<T>(row2), static_cast<std::size_t>(cols), state_->wide_second);
        const T* d = shift.empty() ? nullptr : repeat(as<T>(shift), static_cast<std::size_t>(cols), state_->wide_shift);
        over_rows(rows, cols, [&](std::size_t at, std::size_t count, std::size_t width) {
            const auto run = [&]<bool second, bool shifted, bool add>() {
                affine_rows_kernel<T, second, shifted, add>(as<T>(x1) + at, a, second ? as<T>(x2) + at : nullptr, b, d, as<T>(y) + at, count, width);
            };
            const int which = (b ? 4 : 0) + (d ? 2 : 0) + (accumulate ? 1 : 0);
            switch (which) {
                case 0: return run.template operator()<false, false, false>();
                case 1: return run.template operator()<false, false, true>();
                case 2: return run.template operator()<false, true, false>();
                case 3: return run.template operator()<false, true, true>();
                case 4: return run.template operator()<true, false, false>();
                case 5: return run.template operator()<true, false, true>();
                case 6: return run.template operator()<true, true, false>();
                default: return run.template operator()<true, true, true>();
            }
        });
    }, x1, row1, same(x2), same(row2), same(shift), y);
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
