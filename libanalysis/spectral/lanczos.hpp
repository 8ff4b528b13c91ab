#pragma once
// Both ends of the spectrum of a symmetric operator by Lanczos with full reorthogonalisation and thick restart (Wu and Simon
// 2000), written for operators whose product is dear: convergence is tested at every step, so that no product is spent in vain.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/linop/linear_operator.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace assay::spectral {

/// What a caller may show while it runs.
struct LanczosStep {
    std::size_t products = 0, basis = 0;
    std::span<const double> values;      ///< wanted Ritz values at present, largest first, then smallest first
    std::span<const double> residuals;   ///< their estimated residuals, relative to |value|
};

struct EigenOptions {
    std::size_t largest = 1;            ///< eigenvalues wanted from the upper end
    std::size_t smallest = 0;           ///< and from the lower end
    double tolerance = 1e-3;            ///< of residual / |value|
    std::size_t max_products = 0;       ///< 0: 10 (largest + smallest) + 200
    std::size_t memory = std::size_t{1} << 30;   ///< bytes for the basis: bounds its vectors, then restarts
    Seed seed{};                        ///< of the starting vector
    /// Warm start: n values, or empty. A vector near the sum of the wanted eigenvectors saves products; a tenth of a random vector
    /// is mixed in. What the start is blind to may still stay hidden (an eigenvalue that has overtaken): `probe` looks again.
    std::span<const double> start{};
    /// Measure ||A v - value v|| of every pair: from the kept products of the basis where `memory` holds twice the vectors with room
    /// to spare, with one more product for each pair where it does not. The two agree to rounding.
    bool verify = true;
    bool vectors = true;                ///< hand the eigenvectors out
    /// One starting vector reaches one copy of a multiple eigenvalue. With `probe` a converged search goes on from another random
    /// start in the complement of what was found, until nothing above (below) it appears: some ten products more. Always done after
    /// the space turned out invariant.
    bool probe = false;
    int threads = 1;                    ///< of the orthogonalisation; same bits for any number
    std::function<void()> poll{};       ///< before every product; throws to stop
    std::function<void(const LanczosStep&)> progress{};
};

struct Eigenpair {
    double value = 0;            ///< Rayleigh quotient after verification, else the Ritz value
    double residual = 0;         ///< |beta s|: the Lanczos estimate of ||A v - value v||; of Spectra the bound it was tested against
    double true_residual = -1;   ///< ||A v - value v|| measured; -1: not verified
    bool converged = false;      ///< the (true) residual is within tolerance |value|, or within rounding of the largest value
    std::vector<double> vector;  ///< unit, n values; empty where not asked for
};

struct Eigenvalues {
    std::vector<Eigenpair> largest;    ///< descending
    std::vector<Eigenpair> smallest;   ///< ascending
    std::size_t products = 0;          ///< of the search
    std::size_t verification_products = 0;
    std::size_t restarts = 0, basis = 0;   ///< basis: most vectors held
    double orthogonality = 0;          ///< largest |v_i . v_j| at the end
    double product_seconds = 0, overhead_seconds = 0;   ///< inside the operator; outside it
    bool converged = false;            ///< every wanted pair did
    std::string_view solver;           ///< "lanczos", "spectra" or "dense"
};

/// The own solver: a basis in the operator's own precision. @throws Error{internal} for an operator that is not symmetric or too
/// small, Error{data} when a product is not finite, Error{resource} when `memory` holds too few vectors.
Eigenvalues lanczos(const linop::LinearOperator& a, const EigenOptions& options);
/// The same question answered by Spectra's SymEigsSolver in double precision (or densely for tiny operators): the certifier.
Eigenvalues spectra(const linop::LinearOperator& a, const EigenOptions& options);

}  // namespace assay::spectral
