#pragma once
// Intervals from residuals of held-out predictions (split conformal: Vovk et al. 2005; Lei et al. 2018). They cover as often as they
// say when the new model is exchangeable with the held-out ones, which is why the coverage over held-out groups is measured and shown.

#include <span>
#include <vector>

namespace assay::predict {

/// The ceil((n + 1) level)-th smallest |residual|; infinity where n is too small for the level.
double conformal_quantile(std::span<const double> residuals, double level);

/// For every fold the half width that the residuals of the other folds give.
std::vector<double> cross_conformal(std::span<const double> residuals, std::span<const int> fold, double level);

}  // namespace assay::predict
