#pragma once
// The sum of the outputs, on an input of ones, of the network with all weights' magnitudes to a power.

#include "libanalysis/measures/subject.hpp"

#include <compare>

namespace assay::measures::ingredients {

struct PathSum {
    static constexpr std::string_view name = "path_sum";
    enum class Activations { linear, kept };
    struct Key {
        Activations activations = Activations::linear;
        double power = 2;             ///< above 0
        auto operator<=>(const Key&) const = default;
    };
    using Value = double;
    /// In double, whatever the subject's precision. A final softmax or sigmoid is left out.
    /// @throws Error{unsupported} naming a layer whose powered form has no meaning as a sum over paths (normalisation that does
    /// not follow a convolution or dense layer, products, recurrences), and the Error of building the network.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value&) { return sizeof(Value); }
};

}  // namespace assay::measures::ingredients
