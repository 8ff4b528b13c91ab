#pragma once
// The trace of the Hessian without random probes. In a piecewise-linear network whose parameters are each used once, f is affine in every
// single parameter tensor, so that the second-derivative term has zero diagonal blocks: trace and diagonal of the Hessian are those of
// the Gauss-Newton matrix, almost everywhere. One forward pass and one reverse pass of deltas for each output (one less for softmax).
//
// At a kink the engine's derivatives are those of one side, the same in every pass: relu'(0) = 0, and a max-pooling window passes its
// delta to the first of equal maxima in row order; second derivatives of kinks are 0.

#include "libanalysis/engine/primal.hpp"

#include <string>
#include <vector>

namespace assay::engine {

/// Empty when trace and diagonal of Hessian and Gauss-Newton matrix agree for this network; else why not ("layer gelu_1 is not
/// piecewise linear", "parameter embed/kernel is used twice"). Looks at what lies between a trainable parameter and the first output.
std::string gauss_newton_trace_refusal(const Network& network);

struct TraceResult {
    double trace = 0;                    ///< regulariser included
    std::vector<double> by_parameter;    ///< per entry of Model::parameters; 0 for constants
    double standard_error = 0;           ///< of what was left to chance, for the rows at hand
    double delta_passes = 0;             ///< reverse passes of deltas, in passes over all rows
};

/// tr G = (1/N) sum_n sum_k || J_n' r_k ||^2 + regulariser, R R' the loss's Hessian with columns r_k. Exact but for rounding.
/// `tail`: in every micro-batch the lightest columns that together hold at most this share of the loss's Hessian (improbable classes,
/// of which a trained network has many) are added up with random signs and cost one pass together. The result stays unbiased;
/// standard_error is an upper estimate: with M = R'J J'R of the tail, || J' sum_k e_k r_k ||^2 has the mean tr M and a variance of
/// 2 sum_{i != j} M_ij^2 <= 2 (tr M)^2, hence at most 2/3 of its mean square. @throws Error{usage} for a tail outside [0, 1)
TraceResult gauss_newton_trace(const Primal& primal, double tail = 0);

/// || g_n ||^2 of every row's gradient of its own loss, without the regulariser, in the order of rows; their mean is the trace of the
/// empirical Fisher matrix. One forward and one reverse pass of deltas. @throws Error{unsupported} where a parameter is used twice
std::vector<double> squared_gradient_norms(const Primal& primal);

/// diag G, all trainable parameters, regulariser included; summed over micro-batches in float64.
std::vector<double> gauss_newton_diagonal(const Primal& primal);

/// Unbiased from one label per row drawn from the model's own distribution (squared error: normal targets), with a standard error from
/// the scatter over rows, which is too large rather than too small. Trained networks concentrate the trace in few rows and improbable
/// labels: there it scatters widely, prefer the exact sum. Labels depend on seed and row alone.
TraceResult sampled_label_trace(const Primal& primal, Seed seed);

/// Share of the values read by functions with kinks (rectifiers and their like) which lie within `delta` of one: how near the Hessian is to a jump.
struct KinkProximity { double delta = 0, share = 0; std::int64_t near = 0, total = 0; };
/// @throws Error{usage} for a negative delta
KinkProximity kink_proximity(const Primal& primal, double delta);

}  // namespace assay::engine
