#pragma once
// Straight lines by least squares, and the scales on which accuracies lie on one.

#include <span>

namespace assay::evaluate {

struct Line { double slope = 0, intercept = 0, r2 = 0; };

/// NaN throughout where x does not vary; R2 is NaN where y does not.
Line fit_line(std::span<const double> x, std::span<const double> y);

/// The standard normal distribution and its inverse (to about 1e-15); 0 and 1 give infinities.
double normal_distribution(double z);
double normal_quantile(double p);

}  // namespace assay::evaluate
