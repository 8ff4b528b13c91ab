#pragma once
// Training accuracy with masks of growing sparsity, without training on.

#include "libanalysis/measures/subject.hpp"

#include <array>
#include <compare>
#include <vector>

namespace assay::measures::ingredients {

/// Share of right answers on the training rows with these weights. @throws Error{data} for non-finite outputs or targets that are
/// not classes.
double accuracy_with(Subject& subject, const model::Weights& weights);

struct MaskedAccuracies {
    static constexpr std::string_view name = "masked_accuracies";
    static constexpr std::array<double, 15> sparsities{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1};
    struct Key {
        std::string method;   ///< a pruning method that needs neither data nor architecture
        auto operator<=>(const Key&) const = default;
    };
    using Value = std::vector<double>;   ///< one for each of `sparsities`
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value& value) { return value.size() * sizeof(double); }
};

}  // namespace assay::measures::ingredients
