#pragma once
// The trace of the Hessian without random probes. In a piecewise-linear network whose parameters are each used once, f is affine in every
// single parameter tensor, so that the second-derivative term has zero diagonal blocks: trace and diagonal of the Hessian are those of
// the Gauss-Newton matrix, almost everywhere. One forward pass and one reverse pass of deltas for each output.

#include "libanalysis/engine/primal.hpp"

#include <string>
#include <vector>

namespace assay::engine {

/// Empty when trace and diagonal of Hessian and Gauss-Newton matrix agree for this network; else why not ("layer gelu_1 is not
/// piecewise linear", "layer embed is applied twice").
std::string gauss_newton_trace_refusal(const Network& network);

struct TraceResult {
    double trace = 0;                        ///< regulariser included where asked
    std::vector<double> by_parameter;        ///< per entry of Model::parameters; 0 for constants
    double skipped_bound = 0;                ///< bound on the part that skipping left out
    double standard_error = 0;               ///< of the sampled estimate
    std::int64_t delta_passes = 0;           ///< reverse passes of deltas, in whole passes over the data
};

/// tr G = (1/N) sum_n sum_k || J_n' s_k ||^2, S S' the loss's Hessian with columns s_k. Exact but for rounding.
/// `skip`: outputs whose contribution is provably below this share of the trace may be left out; the bound is in the result.
TraceResult gauss_newton_trace(const Primal& primal, double skip = 0);
/// diag G, all trainable parameters, float64 sums.
std::vector<double> gauss_newton_diagonal(const Primal& primal);
/// Unbiased from one label per row drawn from the model's own distribution, with its standard error. Trained networks concentrate the
/// trace in few rows and improbable labels: there it scatters widely, prefer the exact sum.
TraceResult sampled_label_trace(const Primal& primal, Seed seed);

/// Share of the pre-activations of piecewise-linear functions that lie within `delta` of a kink: how near the Hessian is to a jump.
struct KinkProximity { double delta = 0, share = 0; std::int64_t near = 0, total = 0; };
KinkProximity kink_proximity(const Primal& primal, double delta);

}  // namespace assay::engine
