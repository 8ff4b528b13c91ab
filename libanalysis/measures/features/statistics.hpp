#pragma once
// Arrays of numbers about weights that predictors of accuracy learn from: what a tensor, a layer or a network looks like, layer by
// layer ("positional": for networks of one architecture) or pooled over layers ("pooled": independent of depth and width).

#include "libanalysis/measures/measure.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace assay::measures::features {

inline constexpr std::string_view price = "features for predictors: computed on request";

/// Minimum, quartiles, maximum (linear interpolation between order statistics), mean, standard deviation (population): the seven of
/// Unterthiner et al. 2020. Sorts its argument.
std::vector<double> seven(std::vector<double> values);
/// The first five of them.
std::vector<double> quantiles(std::vector<double> values);
/// ln of a size, with 1e-12 for nothing.
double log_size(double size);
/// ln of the largest, the smallest and the median singular value, stable rank, entropy of s / sum s.
std::vector<double> spectrum(std::span<const double> singular_values);

/// Rows of equal length, one a layer in model order, as the two arrays of a measure: one after another, and pooled: minimum, mean and
/// maximum of each column. A value that is not finite is a reason for both to be missing.
std::vector<Value> both(const std::vector<std::vector<double>>& rows);

}  // namespace assay::measures::features
