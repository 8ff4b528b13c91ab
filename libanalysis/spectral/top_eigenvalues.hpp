#pragma once
// Extreme eigenvalues of a symmetric operator by restarted Lanczos (Spectra), and the largest singular value of any operator.
// Every value comes with its residual.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/linop/linear_operator.hpp"
#include "libanalysis/spectral/spectra_solver.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace assay::spectral {

struct LanczosOptions {
    std::size_t count = 1;
    Which which = Which::largest;
    double tolerance = 1e-10;      ///< of the residual, relative to the eigenvalue
    std::size_t basis = 0;         ///< vectors kept; 0: max(2 count + 1, 20)
    std::size_t restarts = 300;
    Seed seed{};                   ///< of the starting vector
    std::function<void()> poll{};  ///< called before every product; throws to stop
};

struct Eigenpairs {
    std::vector<double> values;     ///< in the order of `which`; only converged ones
    std::vector<double> vectors;    ///< unit vectors one after another, values.size() * n
    std::vector<double> residuals;  ///< || A v - lambda v ||, measured with one more product each
    std::size_t products = 0;       ///< calls of apply
    bool converged = false;         ///< all `count` values did
};

/// @throws Error{internal} when the operator is not symmetric or has fewer than `count` rows, Error{data} when a product is not finite.
Eigenpairs top_eigenvalues(const linop::LinearOperator& a, const LanczosOptions& options);

struct SingularValue {
    double value = 0;
    double error = 0;              ///< bound on the relative distance to a singular value of the operator, from the residual
    std::size_t products = 0;      ///< pairs of apply and apply_transpose
    bool converged = false;
};

/// The spectral norm of an operator, by Lanczos on its smaller Gram operator. `count` and `which` are not looked at.
SingularValue spectral_norm(const linop::LinearOperator& a, const LanczosOptions& options = {});

}  // namespace assay::spectral
