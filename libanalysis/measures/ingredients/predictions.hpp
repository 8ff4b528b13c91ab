#pragma once
// What the outputs over a split say as predictions: accuracy with its ties, confidence, entropy.

#include "libanalysis/measures/ingredients/outputs.hpp"

#include <optional>

namespace assay::measures::ingredients {

/// The predicted class: the largest output, ties to the lowest index; with one output, class 1 above `threshold`.
std::int64_t predicted_class(std::span<const double> outputs, double threshold);

struct Predictions {
    static constexpr std::string_view name = "predictions";
    using Key = SplitKey;
    struct Value {
        std::int64_t rows = 0, correct = 0;
        std::int64_t near_ties = 0;   ///< rows whose two largest outputs (probabilities where a softmax is folded) differ by less than 1e-6
        std::optional<double> confidence, entropy;   ///< means over rows, of softmax probabilities; none for other outputs
        double accuracy() const { return static_cast<double>(correct) / static_cast<double>(rows); }
    };
    /// @throws Error{data} for non-finite outputs, targets that are not classes, or outputs that are no class scores.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value&) { return sizeof(Value); }
};

/// The value above which a single output means class 1. @throws Error{data} when it is no probability or logit.
double single_output_threshold(Subject& subject);

}  // namespace assay::measures::ingredients
