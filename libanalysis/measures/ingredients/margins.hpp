#pragma once
// Margins f(x)[y] - max_{j != y} f(x)[j] over a split, ascending, and their quantiles in the two ways the literature uses.

#include "libanalysis/measures/ingredients/outputs.hpp"

#include <vector>

namespace assay::measures::ingredients {

struct Margins {
    static constexpr std::string_view name = "margins";
    using Key = SplitKey;
    using Value = std::vector<double>;   ///< ascending
    /// @throws Error{data} for non-finite outputs, one output, or targets that are not classes.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value& value) { return value.size() * sizeof(double); }
};

/// Linear interpolation between order statistics: position q (n - 1) of the sorted values.
double interpolated_quantile(std::span<const double> sorted, double q);

/// The floor(q n)-th smallest value, counted from 1 (Dziugaite et al.'s kthvalue(m // 10) at q = 0.1).
/// @throws Error{data} when floor(q n) is 0.
double kth_quantile(std::span<const double> sorted, double q);

}  // namespace assay::measures::ingredients
