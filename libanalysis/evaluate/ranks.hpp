#pragma once
// Ranks of numbers, ties by their mean.

#include <span>
#include <vector>

namespace assay::evaluate {

/// 1 for the smallest; equal numbers share the mean of their places. No NaN.
std::vector<double> average_ranks(std::span<const double> values);

}  // namespace assay::evaluate
