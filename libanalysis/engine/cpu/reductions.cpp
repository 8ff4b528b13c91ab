// Reductions: every sum runs in float64 and in a fixed order, so the same arguments give the same bits.

#include "libanalysis/core/clones.hpp"
#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/views.hpp"
#include "libanalysis/engine/cpu/wide_rows.hpp"
#include "libanalysis/engine/elementary.hpp"

#include <algorithm>

namespace assay::engine::cpu {

namespace {

// Sixteen interleaved sums: the order is fixed by this constant and not by the width of a processor's vectors.
constexpr std::size_t strands = 16;

inline double fold(const double* partial) {
    double eight[8], four[4];
    for (std::size_t j = 0; j < 8; ++j) eight[j] = partial[j] + partial[j + 8];
    for (std::size_t j = 0; j < 4; ++j) four[j] = eight[j] + eight[j + 4];
    return (four[0] + four[2]) + (four[1] + four[3]);
}

template <class T>
ASSAY_CLONES double dot_kernel(const T* x, const T* y, std::size_t n) {
    double partial[strands] = {};
    std::size_t i = 0;
    for (; i + strands <= n; i += strands) {
        for (std::size_t j = 0; j < strands; ++j) partial[j] += static_cast<double>(x[i + j]) * static_cast<double>(y[i + j]);
    }
    for (std::size_t j = 0; i + j < n; ++j) partial[j] += static_cast<double>(x[i + j]) * static_cast<double>(y[i + j]);
    return fold(partial);
}

template <class T>
ASSAY_CLONES double sum_kernel(const T* x, std::size_t n) {
    double partial[strands] = {};
    std::size_t i = 0;
    for (; i + strands <= n; i += strands) {
        for (std::size_t j = 0; j < strands; ++j) partial[j] += static_cast<double>(x[i + j]);
    }
    for (std::size_t j = 0; i + j < n; ++j) partial[j] += static_cast<double>(x[i + j]);
    return fold(partial);
}

/// Column sums of a matrix as wide as `sums`; narrow matrices come several rows at a time.
template <class T>
ASSAY_CLONES void column_sums_kernel(const T* x, std::size_t rows, std::size_t width, double* sums) {
    for (std::size_t r = 0; r < rows; ++r) {
        const T* from = x + r * width;
#pragma GCC ivdep
        for (std::size_t c = 0; c < width; ++c) sums[c] += static_cast<double>(from[c]);
    }
}

template <class T>
ASSAY_CLONES void column_dots_kernel(const T* x, const T* y, std::size_t rows, std::size_t width, double* sums) {
    for (std::size_t r = 0; r < rows; ++r) {
        const T *left = x + r * width, *right = y + r * width;
#pragma GCC ivdep
        for (std::size_t c = 0; c < width; ++c) sums[c] += static_cast<double>(left[c]) * static_cast<double>(right[c]);
    }
}

template <class T>
ASSAY_CLONES void shifted_dots_kernel(const T* x, const T* y, const T* shift, std::size_t rows, std::size_t width, double* sums) {
    for (std::size_t r = 0; r < rows; ++r) {
        const T *left = x + r * width, *right = y + r * width;
#pragma GCC ivdep
        for (std::size_t c = 0; c < width; ++c) sums[c] += static_cast<double>(left[c]) * (static_cast<double>(right[c]) + static_cast<double>(shift[c]));
    }
}

/// Runs kernel(first element, rows, width, sums) over a [rows, cols] matrix read as rows of `together` rows, then over what is
/// left, and folds the partial sums in order. The order depends on the shape alone.
template <class Kernel>
const double* over_columns(Scratch& scratch, std::size_t rows, std::size_t cols, Kernel&& kernel) {
    const std::size_t together = rows_together(cols), width = cols * together;
    double* sums = scratch.reserve_elements<double>(width);
    std::fill_n(sums, width, 0.0);
    kernel(std::size_t{0}, rows / together, width, sums);
    kernel(rows / together * width, rows % together, cols, sums);
    for (std::size_t k = 1; k < together; ++k)
        for (std::size_t c = 0; c < cols; ++c) sums[c] += sums[k * cols + c];
    return sums;
}

template <class T>
ASSAY_CLONES void softmax_kernel(const T* x, T* y, std::int64_t cols) {
    T largest = x[0];
    for (std::int64_t c = 1; c < cols; ++c) largest = x[c] > largest ? x[c] : largest;
#pragma GCC ivdep
    for (std::int64_t c = 0; c < cols; ++c) y[c] = elementary::exp(x[c] - largest);
    double sum = 0;
    for (std::int64_t c = 0; c < cols; ++c) sum += static_cast<double>(y[c]);
    for (std::int64_t c = 0; c < cols; ++c) y[c] = static_cast<T>(static_cast<double>(y[c]) / sum);
}

template <class T>
void store(const double* sums, T* out, std::size_t size, bool accumulate) {
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<T>(accumulate ? static_cast<double>(out[i]) + sums[i] : sums[i]);
}

}  // namespace

double CpuBackend::dot(ConstView x, ConstView y) {
    require(x.size == y.size, "dot", "vectors of one size");
    return with_float_of("dot", [&]<class T>(T) { return dot_kernel(as<T>(x), as<T>(y), x.size); }, x, y);
}

std::vector<double> CpuBackend::dots(std::span<const ConstView> xs, ConstView y) {
    std::vector<double> result;
    for (const ConstView& x : xs) result.push_back(dot(x, y));
    return result;
}

void CpuBackend::column_sums(ConstView x, std::int64_t rows, std::int64_t cols, View sums, bool accumulate) {
    require_matrix(x, rows, cols, "column_sums");
    require_matrix(sums, 1, cols, "column_sums");
    if (cols == 0) return;
    with_float_of("column_sums", [&]<class T>(T) {
        const double* total = over_columns(state_->sums, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols),
            [&](std::size_t at, std::size_t count, std::size_t width, double* partial) { column_sums_kernel(as<T>(x) + at, count, width, partial); });
        store(total, as<T>(sums), static_cast<std::size_t>(cols), accumulate);
    }, x, sums);
}

void CpuBackend::column_dots(ConstView x, ConstView y, ConstView shift, std::int64_t rows, std::int64_t cols, View dots, bool accumulate) {
    require_column_dots(x, y, shift, rows, cols, dots);
    if (cols == 0) return;
    with_float_of("column_dots", [&]<class T>(T) {
        const T* moved = shift.empty() ? nullptr : repeat(as<T>(shift), static_cast<std::size_t>(cols), state_->wide);
        const double* total = over_columns(state_->sums, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols),
            [&](std::size_t at, std::size_t count, std::size_t width, double* partial) {
                if (moved) shifted_dots_kernel(as<T>(x) + at, as<T>(y) + at, moved, count, width, partial);
                else column_dots_kernel(as<T>(x) + at, as<T>(y) + at, count, width, partial);
            });
        store(total, as<T>(dots), static_cast<std::size_t>(cols), accumulate);
    }, x, y, dots);
}

void CpuBackend::row_sums(ConstView x, std::int64_t rows, std::int64_t cols, View sums, bool accumulate) {
    require_matrix(x, rows, cols, "row_sums");
    require_matrix(sums, rows, 1, "row_sums");
    with_float_of("row_sums", [&]<class T>(T) {
        for (std::int64_t r = 0; r < rows; ++r) {
            const double sum = sum_kernel(as<T>(x) + r * cols, static_cast<std::size_t>(cols));
            store(&sum, as<T>(sums) + r, 1, accumulate);
        }
    }, x, sums);
}

void CpuBackend::row_dots(ConstView x, ConstView y, std::int64_t rows, std::int64_t cols, View dots, bool accumulate) {
    require_matrix(x, rows, cols, "row_dots");
    require_matrix(y, rows, cols, "row_dots");
    require_matrix(dots, rows, 1, "row_dots");
    with_float_of("row_dots", [&]<class T>(T) {
        for (std::int64_t r = 0; r < rows; ++r) {
            const double sum = dot_kernel(as<T>(x) + r * cols, as<T>(y) + r * cols, static_cast<std::size_t>(cols));
            store(&sum, as<T>(dots) + r, 1, accumulate);
        }
    }, x, y, dots);
}

void CpuBackend::softmax(ConstView x, std::int64_t rows, std::int64_t cols, View y) {
    require_matrix(x, rows, cols, "softmax");
    require_matrix(y, rows, cols, "softmax");
    if (cols == 0) return;
    with_float_of("softmax", [&]<class T>(T) {
        for (std::int64_t r = 0; r < rows; ++r) {
            softmax_kernel(as<T>(x) + r * cols, as<T>(y) + r * cols, cols);
        }
    }, x, y);
}

}  // namespace assay::engine::cpu
