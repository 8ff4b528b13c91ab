#pragma once
// How a feature is brought to a common scale. Learned from training models alone.

#include "libanalysis/core/json.hpp"
#include "libanalysis/predict/matrix.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace assay::predict {

enum class Transform { identity, log };
std::string_view to_string(Transform transform);
Transform transform_from(std::string_view name);   ///< @throws Error{format}

/// x -> (t(x) - mean) / deviation. The logarithm is taken where all training values are positive and span a factor of ten or more
/// (norms and their products do). Values outside the training range are taken as its nearest end: a line fitted to a few models
/// is not drawn beyond them.
struct Scaling {
    Transform transform = Transform::identity;
    double low = 0, high = 0;          ///< smallest and largest training value, untransformed
    double mean = 0, deviation = 0;    ///< of t(x), population; deviation 0: constant, the feature then counts nothing
    double apply(double value) const;
    bool outside(double value) const { return !(value >= low && value <= high); }
    /// How far beyond the training range, in deviations; 0 inside. Infinite where the value has no logarithm or nothing varied.
    double beyond(double value) const;
};

Scaling fit_scaling(std::span<const double> values);
/// Of every column of the given rows.
std::vector<Scaling> fit_scalings(const Matrix& x, std::span<const std::size_t> rows);

Json to_json(const Scaling& scaling);
/// @throws Error{format}, or what reading JSON throws.
Scaling scaling_from(const Json& json);

/// The rule in words, for the predictor file.
constexpr std::string_view scaling_rule =
    "log of features that are positive and span a factor of 10 or more among the training models; values outside the training "
    "range are taken as its nearest end; then minus mean, over population standard deviation";

}  // namespace assay::predict
