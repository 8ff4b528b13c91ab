#pragma once
// The lasso's path of fits.

#include "libanalysis/predict/linear.hpp"

namespace assay::predict {

/// Each minimises mean squared error / 2 + penalty |coefficients|_1 over the given rows; the intercept is not penalised. One fit for each
/// share of the smallest penalty that makes all coefficients 0; coordinates move by less than 1e-9 of that penalty at the end.
std::vector<LinearFit> lasso_path(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const double> shares);

}  // namespace assay::predict
