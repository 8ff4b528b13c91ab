#pragma once
// All singular values of a stored matrix.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/linop/matrix_operator.hpp"

#include <vector>

namespace assay::spectral {

enum class Method {
    gram,      ///< eigenvalues of the smaller Gram matrix in double: fast; relative error about 1e-16 (s1/s)^2
    accurate,  ///< dgesdd in tall orientation: relative error about 1e-16 s1/s, for rank and condition numbers
};

/// Singular values of a row-major rows x cols matrix, descending, min(rows, cols) of them. Single precision values are
/// widened first; the Gram matrix is never formed in single precision.
/// @throws Error{data} for non-finite values.
std::vector<double> singular_values(linop::MatrixView matrix, std::size_t rows, std::size_t cols, Method method = Method::gram);

/// The same where `backend` computes: on a device the Gram matrix and its eigenvalues, both in double, never leave it, and only they come
/// back. The bound is that of Method::gram: an error of about 1e-16 s1 (s1/s), and never above about 1e-8 s1. Method::accurate is LAPACK's
/// on the host, wherever the backend computes, and on the host both are those of the function above, bit for bit.
std::vector<double> singular_values(engine::Backend& backend, linop::MatrixView matrix, std::size_t rows, std::size_t cols,
                                    Method method = Method::gram);

}  // namespace assay::spectral
