#pragma once
// Everything that is asked about the curvature of a network at its weights, from one cached primal: eigenvalues of both ends, trace, density,
// block traces, how near kinks are, and what the size of the sample does.

#include "libanalysis/core/context.hpp"
#include "libanalysis/engine/exact_trace.hpp"
#include "libanalysis/engine/primal.hpp"
#include "libanalysis/linop/block.hpp"
#include "libanalysis/spectral/lanczos.hpp"
#include "libanalysis/spectral/spectrum.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::curvature {

/// A network at its weights, on rows, under an objective. What is referred to must outlive the analysis.
struct Problem {
    const model::Model& model;
    const engine::Network& network;
    engine::Backend& backend;
    engine::ConstView parameters;
    data::Rows rows;
    engine::Objective objective;
};

/// What a caller may show: "eigenvalues" with Ritz values and residuals, other stages with a number of products.
struct Progress {
    std::string_view stage;
    std::size_t products = 0, of = 0;     ///< of: 0 where it is not known beforehand
    std::span<const double> values{};     ///< largest first, then smallest first
    std::span<const double> residuals{};  ///< relative to |value|
};

struct Options {
    std::string kind = "hessian";         ///< a name of linop::curvature_kinds()
    std::size_t largest = 10, smallest = 0;
    double tolerance = 1e-3;              ///< of residual / |value|
    std::string solver = "lanczos";       ///< or "spectra"
    bool vectors = false;                 ///< hand eigenvectors out
    bool trace = false, density = false, by_layer = false, halves = false;
    bool probe = false;                   ///< search once more for eigenvalues that are multiple or hid from the start (lanczos)
    bool layer_eigenvalues = false;       ///< with by_layer: the largest eigenvalue of each block, some ten products each
    std::size_t trace_products = 60;      ///< of the estimate, where there is no exact trace
    std::size_t probes = 5, steps = 50;   ///< of the density
    std::size_t block_probes = 30;        ///< of estimated block traces, without a density
    double kink_delta = 1e-3;             ///< how near to zero a pre-activation counts as near a kink
    std::function<void(const Progress&)> progress{};
};

/// A trace, with the words why it is exact or why it is not.
struct Trace { spectral::Estimate estimate; std::string reason; };

struct Layer { linop::Block block; spectral::Estimate trace; std::optional<spectral::Eigenpair> largest; };

/// The same question on one half of the sample.
struct Half { std::int64_t rows = 0; spectral::Eigenpair largest; std::optional<spectral::Estimate> trace; };

struct Result {
    double loss = 0, gradient_norm = 0;                ///< of the objective
    spectral::Eigenvalues eigenvalues;
    std::optional<Trace> trace;
    std::optional<spectral::Spectrum> spectrum;        ///< with the density
    std::vector<Layer> layers;
    std::vector<Half> halves;                          ///< none or two
    std::optional<engine::KinkProximity> kinks;        ///< none where every activation is smooth
    engine::Primal::Cache cache;
    std::size_t basis_bytes = 0;                       ///< what eigenvalue solvers might take of the memory
    std::size_t products = 0;                          ///< of the whole sample, verification included
    double gradient_seconds = 0;                       ///< one full gradient, forward and backward, nothing cached
    double first_product_seconds = 0, product_seconds = 0;   ///< the first fills the cache; the mean of the others
    double total_seconds = 0;
};

/// The regulariser's second derivative belongs to the Hessian and the Gauss-Newton matrix, not to the others.
bool has_regulariser(std::string_view kind);

/// @throws Error{usage} for an unknown kind or solver; the errors of passes and solvers; Error{interrupted}.
Result analyse(const Problem& problem, const Options& options, const Context& context);

}  // namespace assay::curvature
