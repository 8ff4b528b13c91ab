#pragma once
// Single numbers about a list of eigenvalues, as several measures and the layer table give them.

#include "libanalysis/measures/ingredients/layer_eigenvalues.hpp"

#include <span>

namespace assay::measures {

/// log10 of sum_i lambda_i^alpha, without overflow. @throws Error{data} where all values are 0.
double log_alpha_norm_of(std::span<const double> eigenvalues, double alpha);

/// -sum_i p_i ln p_i / ln rank with p_i the share of eigenvalue i: 1 for equal ones. `offset` is added to every p, as WeightWatcher
/// does with 1e-10. @throws Error{data} for a rank below 2.
double spectral_entropy_of(const ingredients::LayerEigenvalues::Value& eigenvalues, double offset);

/// Sum over the largest: sum_i lambda_i / lambda_1. @throws Error{data} where all values are 0.
double stable_rank_of(std::span<const double> eigenvalues);

/// @throws Error{data} where the sum is 0 and has no logarithm.
double positive_sum(std::span<const double> eigenvalues);

}  // namespace assay::measures
