#pragma once
// Which of the eigenvalues at an end of the spectrum stand apart from the rest.

#include <cstddef>
#include <span>

namespace assay::curvature {

/// How many of the first `values` (of one end, away from zero first: 12, 9, 3, 2.9 or -5, -1) are outliers: those before the largest ratio of
/// neighbours, where that ratio is at least 1.5. The last value computed is the only witness of the bulk, so it is never an outlier, and neither
/// is what has not the sign of the first.
std::size_t outliers(std::span<const double> values);

}  // namespace assay::curvature
