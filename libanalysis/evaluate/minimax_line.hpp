#pragma once
// The line whose largest mean squared error over several environments is smallest: a convex problem in two unknowns, solved
// exactly.

#include <limits>
#include <span>

namespace assay::evaluate {

/// Mean of (y - a x - b)^2 over the points of an environment, as a quadratic in a and b.
struct SquaredError {
    double count = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;   ///< sums; after mean(), means
    void add(double u, double v);
    SquaredError mean() const;
    double at(double a, double b) const { return yy - 2 * a * xy - 2 * b * y + a * a * xx + 2 * a * b * x + b * b; }   ///< of means
};

struct Line { double slope = 0, intercept = 0, worst = 0; };

/// Minimises the largest error over slope in [0, largest_slope] and any intercept, to about 1e-9 of the value.
Line minimax_line(std::span<const SquaredError> environments, double largest_slope = std::numeric_limits<double>::infinity());

}  // namespace assay::evaluate
