#pragma once
// Spectra's restarted Lanczos in double precision, and the dense answer for tiny operators: what `top_eigenvalues` and `spectra` share.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/spectral/products.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace assay::spectral {

enum class Which { largest, largest_magnitude, smallest };

/// Up to this order the matrix is written out and decomposed: fewer products than Lanczos would need, and all exact.
constexpr std::size_t dense_order = 24;

struct SolverOptions {
    std::size_t count = 1;
    Which which = Which::largest;
    double tolerance = 1e-10;
    std::size_t basis = 0;         ///< vectors kept; 0: max(2 count + 1, 20)
    std::size_t restarts = 300;
    Seed seed{};
    std::span<const double> start{};
};

struct Found {
    std::vector<double> values;    ///< in the order of `which`; only converged ones
    std::vector<double> vectors;   ///< unit vectors one after another
    bool converged = false;        ///< all of them did
};

/// Every eigenpair of the operator, one product for each unit vector; ascending.
Found solve_densely(Products& products);
/// The first `count` of a dense answer in the order of `which`.
Found choose(const Found& all, std::size_t count, Which which);
/// @throws Error{data} when a product is not finite.
Found solve_by_spectra(Products& products, const SolverOptions& options);
/// The dense answer for tiny operators and for all eigenvalues, else Spectra's.
Found solve(Products& products, const SolverOptions& options);

}  // namespace assay::spectral
