#pragma once
// Ridge regression (Hoerl & Kennard 1970) on standardised features.

#include "libanalysis/predict/linear.hpp"

namespace assay::predict {

/// Half decades from 1e-5 to 1e2.
std::vector<double> lambda_grid();

/// Each minimises mean squared error + lambda |coefficients|^2 over the given rows; the intercept is not penalised. One fit per lambda, from
/// one singular value decomposition. Scalings are learned from `rows` alone.
std::vector<LinearFit> ridge_path(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const double> lambdas);

}  // namespace assay::predict
