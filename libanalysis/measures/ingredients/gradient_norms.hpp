#pragma once
// The gradient of the training loss, and the squared norms of its rows' own gradients.

#include "libanalysis/measures/subject.hpp"

#include <compare>
#include <vector>

namespace assay::measures::ingredients {

struct GradientNorms {
    static constexpr std::string_view name = "gradient_norms";
    struct Key { auto operator<=>(const Key&) const = default; };
    struct Value {
        std::vector<double> rows;   ///< ||g_i||^2, without the regulariser
        double mean = 0;            ///< ||g||^2 of the loss's mean gradient, without the regulariser
    };
    /// @throws Error{unsupported} where a parameter is used twice in the network.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value& value) { return value.rows.size() * sizeof(double); }
};

}  // namespace assay::measures::ingredients
