#pragma once
// Everything about a spectrum from shared products: stochastic Lanczos quadrature (Ubaru, Chen and Saad 2017; for networks
// Ghorbani et al. 2019, Papyan 2018). Each probe's first product serves trace, Frobenius norm and block traces; its Lanczos run
// gives nodes and weights of the density, and the extreme Ritz values.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/linop/block.hpp"
#include "libanalysis/linop/linear_operator.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::spectral {

/// A value with the standard error of its estimate; `method` says how it came about ("exact", "hutchinson", "xtrace", ...).
struct Estimate { double value = 0, standard_error = 0; std::string method; std::size_t products = 0; };

/// Nodes and weights of the quadrature: the spectral density is approximately sum_i weights[i] delta(x - nodes[i]).
struct Density {
    std::vector<double> nodes, weights;    ///< ascending nodes; weights sum to 1 (each probe's to 1 / probes)
    std::size_t probes = 0, steps = 0;
};

/// The density smoothed by a Gaussian on a grid tied to it: spacing <= sigma / 4, range of the nodes +- 5 sigma.
struct SmoothDensity { std::vector<double> grid, values; double sigma = 0; };
/// `sigma` 0: the resolution of the quadrature, range / steps.
SmoothDensity smooth(const Density& density, double sigma = 0);
/// Share of eigenvalues <= x, from nodes and weights without smoothing.
double cumulative(const Density& density, double x);

struct SpectrumOptions {
    std::size_t probes = 5, steps = 50;
    Seed seed{};
    std::size_t memory = std::size_t{1} << 30;
    int threads = 1;
    std::function<void()> poll{};
    std::function<void(std::size_t products, std::size_t of)> progress{};
};

struct Spectrum {
    Density density;
    double largest = 0, smallest = 0;                 ///< extreme Ritz values over the probes
    double largest_residual = 0, smallest_residual = 0;
    /// Hutchinson, from the probes' first products; frobenius: the norm. One probe knows no error: infinite.
    Estimate trace, frobenius;
    std::vector<Estimate> block_traces;               ///< per block given
    std::size_t products = 0;
    double orthogonality = 0;
};
/// @throws Error{internal} for an operator that is not symmetric or a block outside it, Error{data} when a product is not finite,
/// Error{resource} when `memory` does not hold steps + 1 vectors, Error{usage} for no probes or steps.
Spectrum spectrum(const linop::LinearOperator& a, std::span<const linop::Block> blocks, const SpectrumOptions& options);

struct TraceOptions {
    std::size_t products = 60;        ///< to spend
    Seed seed{};
    std::size_t memory = std::size_t{1} << 30;
    int threads = 1;
    std::function<void()> poll{};
    std::function<void(std::size_t products, std::size_t of)> progress{};
};
/// Hutchinson 1989 with Rademacher probes: the mean of v'Av and its standard error (infinite for one product).
Estimate hutchinson_trace(const linop::LinearOperator& a, const TraceOptions& options);
/// XTrace (Epperly, Tropp and Webber 2024) with resphered residuals: the best error per product here; standard error from the
/// leave-one-out estimates, widened for their dependence. Spends an even number of products, fewer where the range is exhausted.
Estimate xtrace(const linop::LinearOperator& a, const TraceOptions& options);
/// sqrt of the mean of ||A v||^2 over Rademacher probes, standard error by the delta method.
Estimate frobenius_norm(const linop::LinearOperator& a, const TraceOptions& options);
/// Hutchinson's diagonal: mean of v * (A v), with the standard error of each entry.
struct DiagonalEstimate { std::vector<double> values, standard_errors; std::size_t products = 0; };
DiagonalEstimate hutchinson_diagonal(const linop::LinearOperator& a, const TraceOptions& options);

}  // namespace assay::spectral
