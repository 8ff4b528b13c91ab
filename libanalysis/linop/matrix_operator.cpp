#include "libanalysis/linop/matrix_operator.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <string>

namespace assay::linop {
namespace {

// Both products read the matrix once, row by row: they are bound by memory, so single precision values are widened on the way
// instead of being copied. The sum of a row runs over eight lanes in a fixed order, whatever the instruction set.
#define ASSAY_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))

template <class T>
inline void multiply_rows(const T* a, std::size_t rows, std::size_t cols, const double* x, double* y) {
    for (std::size_t i = 0; i < rows; ++i, a += cols) {
        double lanes[8] = {};
        std::size_t j = 0;
        for (; j + 8 <= cols; j += 8)
            for (std::size_t k = 0; k < 8; ++k) lanes[k] += static_cast<double>(a[j + k]) * x[j + k];
        double rest = 0;
        for (; j < cols; ++j) rest += static_cast<double>(a[j]) * x[j];
        y[i] = ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7])) + rest;
    }
}

template <class T>
inline void add_rows(const T* a, std::size_t rows, std::size_t cols, const double* x, double* y) {
    for (std::size_t i = 0; i < rows; ++i, a += cols) {
        const double factor = x[i];
        for (std::size_t j = 0; j < cols; ++j) y[j] += static_cast<double>(a[j]) * factor;
    }
}

ASSAY_CLONES void multiply(const float* a, std::size_t rows, std::size_t cols, const double* x, double* y) {
    multiply_rows(a, rows, cols, x, y);
}
ASSAY_CLONES void multiply(const double* a, std::size_t rows, std::size_t cols, const double* x, double* y) {
    multiply_rows(a, rows, cols, x, y);
}
ASSAY_CLONES void multiply_transpose(const float* a, std::size_t rows, std::size_t cols, const double* x, double* y) {
    add_rows(a, rows, cols, x, y);
}
ASSAY_CLONES void multiply_transpose(const double* a, std::size_t rows, std::size_t cols, const double* x, double* y) {
    add_rows(a, rows, cols, x, y);
}

void require_size(std::string_view name, std::size_t found, std::size_t expected) {
    if (found != expected)
        throw Error(ErrorKind::internal, {"matrix product, " + std::string(name), std::to_string(expected) + " values", std::to_string(found)});
}

}  // namespace

MatrixOperator::MatrixOperator(MatrixView values, std::size_t rows, std::size_t cols) : values_(values), rows_(rows), cols_(cols) {
    require_size("matrix", std::visit([](auto view) { return view.size(); }, values_), rows * cols);
}

void MatrixOperator::apply(std::span<const double> x, std::span<double> y) const {
    require_size("x", x.size(), cols_);
    require_size("y", y.size(), rows_);
    std::visit([&](auto view) { multiply(view.data(), rows_, cols_, x.data(), y.data()); }, values_);
}

void MatrixOperator::apply_transpose(std::span<const double> x, std::span<double> y) const {
    require_size("x", x.size(), rows_);
    require_size("y", y.size(), cols_);
    std::fill(y.begin(), y.end(), 0.0);
    std::visit([&](auto view) { multiply_transpose(view.data(), rows_, cols_, x.data(), y.data()); }, values_);
}

}  // namespace assay::linop
