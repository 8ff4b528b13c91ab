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

std::vector<double> by_gram(const std::vector<double>& a, std::size_t rows, std::size_t cols) {
    const bool inner = cols <= rows;
    const std::size_t n = inner ? cols : rows;
    std::vector<double> gram(n * n);
    // Row-major lower = column-major upper, which is what the eigenvalue routine reads.
    cblas_dsyrk(CblasRowMajor, CblasLower, inner ? CblasTrans : CblasNoTrans, static_cast<int>(n), static_cast<int>(inner ? rows : cols),
                1.0, a.data(), static_cast<int>(cols), 0.0, gram.data(), static_cast<int>(n));
    std::vector<double> values = lapack::symmetric_eigenvalues(gram, n);
    std::reverse(values.begin(), values.end());
    for (double& value : values) value = std::sqrt(std::max(value, 0.0));   // rounding may leave a zero slightly negative
    return values;
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
    std::vector<double> a = widened(matrix);
    if (a.size() != rows * cols)
        throw Error(ErrorKind::internal, {"singular values", std::to_string(rows * cols) + " values", std::to_string(a.size())});
    if (!std::all_of(a.begin(), a.end(), [](double x) { return std::isfinite(x); }))
        throw Error(ErrorKind::data, {"singular values", "finite weights", "NaN or infinity"});
    return method == Method::gram ? by_gram(a, rows, cols) : accurately(std::move(a), rows, cols);
}

}  // namespace assay::spectral
