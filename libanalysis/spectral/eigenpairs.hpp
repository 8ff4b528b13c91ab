#pragma once
// What the eigenvalue solvers share: checks of the question, the Rayleigh quotient, the judgement of a pair.

#include "libanalysis/spectral/basis.hpp"
#include "libanalysis/spectral/lanczos.hpp"

#include <span>

namespace assay::spectral {

/// @throws Error{internal} unless the operator is symmetric and has the wanted number of eigenvalues, at least one.
void require_wanted(const linop::LinearOperator& a, const EigenOptions& options, const char* where);

/// x.y / x.x and || y - value x || / ||x|| for y = A x, in double. @throws Error{data} when they are not finite.
struct Rayleigh { double value, residual; };
Rayleigh rayleigh(std::span<const double> x, std::span<const double> y);
/// The same for vector i of a basis and its image, vector j of `images`.
template <class T>
Rayleigh rayleigh(Basis<T>& basis, std::size_t i, Basis<T>& images, std::size_t j);

/// Whether the true residual is within the tolerance, or within rounding: `floor` is what rounding leaves of an estimate, and a
/// measured residual has ten times that, since the product itself rounds.
bool verified(const Eigenpair& pair, double tolerance, double floor);

/// Sorts both sides by the final values and says whether all converged; `complete`: as many as wanted were found.
void arrange(Eigenvalues& result, bool complete);

}  // namespace assay::spectral
