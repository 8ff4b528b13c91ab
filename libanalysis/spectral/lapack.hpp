#pragma once
// The few LAPACK routines that the project calls, declared once, with sizes checked and failures as errors. Matrices are
// overwritten.

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace assay::spectral::lapack {

/// Eigenvalues, ascending, of a symmetric matrix (either triangle's storage: both are filled). dsyevd.
/// With `vectors` the matrix is overwritten by eigenvectors: vector i is at [i * n, (i + 1) * n).
std::vector<double> symmetric_eigenvalues(std::span<double> matrix, std::size_t n, bool vectors = false);

/// Eigenvalues, ascending, of the symmetric tridiagonal matrix with this diagonal and off-diagonal (one value shorter), and its
/// eigenvectors: vector i is at [i * n, (i + 1) * n). dstevd.
struct TridiagonalPairs { std::vector<double> values, vectors; };
TridiagonalPairs tridiagonal_eigenpairs(std::span<const double> diagonal, std::span<const double> off_diagonal);

/// A symmetric matrix (upper triangle of column-major storage read) as Q T Q^T with T tridiagonal, by reflections that leave the
/// last coordinate alone: the last row and column of Q are those of the identity. Q column-major. dsytrd, dorgtr.
struct Tridiagonal { std::vector<double> diagonal, off_diagonal, q; };
Tridiagonal tridiagonalise(std::span<const double> matrix, std::size_t n);

/// Eigenvalues, ascending, of a Hermitian matrix whose row-major upper triangle is filled. zheevd.
std::vector<double> hermitian_eigenvalues(std::span<std::complex<double>> matrix, std::size_t n);

/// Singular values, descending, of a column-major rows x cols matrix. dgesdd: best with rows >= cols.
std::vector<double> singular_values(std::span<double> matrix, std::size_t rows, std::size_t cols);

/// The same for complex matrices. zgesdd.
std::vector<double> singular_values(std::span<std::complex<double>> matrix, std::size_t rows, std::size_t cols);

}  // namespace assay::spectral::lapack
