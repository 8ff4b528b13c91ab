#include "libanalysis/spectral/singular_values.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/lapack.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>

namespace assay::spectral {
namespace {

std::vector<double> widened(linop::MatrixView matrix) {
    return std::visit([](auto view) { return std::vector<double>(view.begin(), view.end()); }, matrix);
}

void require_finite(linop::MatrixView matrix, std::size_t rows, std::size_t cols) {
    std::visit([&](auto view) {
        if (view.size() != rows * cols)
            throw Error(ErrorKind::internal, {"singular values", std::to_string(rows * cols) + " values", std::to_string(view.size())});
        if (!std::all_of(view.begin(), view.end(), [](auto x) { return std::isfinite(x); }))
            throw Error(ErrorKind::data, {"singular values", "finite weights", "NaN or infinity"});
    }, matrix);
}

/// Of a Gram matrix's ascending eigenvalues.
std::vector<double> roots(std::vector<double> values) {
    std::reverse(values.begin(), values.end());
    for (double& value : values) value = std::sqrt(std::max(value, 0.0));   // rounding may leave a zero slightly negative
    return values;
}

std::vector<double> by_gram(const std::vector<double>& a, std::size_t rows, std::size_t cols) {
    const bool inner = cols <= rows;
    const std::size_t n = inner ? cols : rows;
    std::vector<double> gram(n * n);
    // Row-major lower = column-major upper, which is what the eigenvalue routine reads.
    cblas_dsyrk(CblasRowMajor, CblasLower, inner ? CblasTrans : CblasNoTrans, static_cast<int>(n), static_cast<int>(inner ? rows : cols),
                1.0, a.data(), static_cast<int>(cols), 0.0, gram.data(), static_cast<int>(n));
    return roots(lapack::symmetric_eigenvalues(gram, n));
}

void upload(engine::Backend& backend, std::span<const double> matrix, engine::View to) { backend.upload(matrix.data(), to); }

void upload(engine::Backend& backend, std::span<const float> matrix, engine::View to) {
    engine::Buffer narrow = backend.allocate(engine::DType::float32, matrix.size());
    backend.upload(matrix.data(), narrow.view());
    backend.copy(narrow.const_view(), to);
}

std::vector<double> accurately(std::vector<double> a, std::size_t rows, std::size_t cols) {
    // A row-major rows x cols array is a column-major cols x rows matrix: the transpose, tall when cols >= rows.
    if (cols >= rows) return lapack::singular_values(a, cols, rows);
    std::vector<double> transposed(a.size());
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < cols; ++j) transposed[j * rows + i] = a[i * cols + j];
    return lapack::singular_values(transposed, rows, cols);
}

}  // namespace

std::vector<double> singular_values(linop::MatrixView matrix, std::size_t rows, std::size_t cols, Method method) {
    require_finite(matrix, rows, cols);
    std::vector<double> a = widened(matrix);
    return method == Method::gram ? by_gram(a, rows, cols) : accurately(std::move(a), rows, cols);
}

std::vector<double> singular_values(engine::Backend& backend, linop::MatrixView matrix, std::size_t rows, std::size_t cols, Method method) {
    if (backend.on_host() || method == Method::accurate) return singular_values(matrix, rows, cols, method);
    require_finite(matrix, rows, cols);
    const std::size_t n = std::min(rows, cols);
    if (n == 0) return {};
    engine::Buffer a = backend.allocate(engine::DType::float64, rows * cols);
    std::visit([&](auto view) { upload(backend, view, a.view()); }, matrix);
    engine::Buffer gram = backend.allocate(engine::DType::float64, n * n), squares = backend.allocate(engine::DType::float64, n);
    const bool inner = cols <= rows;
    const auto order = static_cast<std::int64_t>(n), terms = static_cast<std::int64_t>(std::max(rows, cols)), width = static_cast<std::int64_t>(cols);
    backend.gemm(inner, !inner, order, order, terms, 1, a.const_view(), width, a.const_view(), width, 0, gram.view(), order);
    backend.symmetric_eigenvalues(order, 1, gram.view(), squares.view());
    return roots(backend.to_host(squares.const_view()));
}

}  // namespace assay::spectral
