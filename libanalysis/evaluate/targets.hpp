#pragma once
// What is to be predicted: the generalisation gap, the test error and the test loss of every model.

#include "libanalysis/evaluate/frame.hpp"

#include <optional>

namespace assay::evaluate {

struct Target {
    std::string name;     ///< "gap", "test_error" or "test_loss"
    std::string title;    ///< "generalisation gap"
    std::string source;   ///< "logged metric.train_accuracy - metric.test_accuracy": printed and stored
    std::vector<double> values;   ///< NaN where the model has none
    std::size_t models = 0;       ///< that have one
};

/// train accuracy - test accuracy. Both logged, else both measured, never one of each; a logged metric "gap" or
/// "generalization_gap" serves where no pair is there. Logged values are preferred unless fewer models have them.
std::optional<Target> gap(const Frame& frame);

/// 1 - test accuracy; logged or measured as for the gap.
std::optional<Target> test_error(const Frame& frame);

/// Test loss; logged or measured as for the gap.
std::optional<Target> test_loss(const Frame& frame);

/// The gap as one column of the frame says it, a metric or a measure. Nothing when it does not differ between three models.
/// @throws Error{usage} naming the columns there are.
std::optional<Target> column_as_gap(const Frame& frame, std::string_view column);

/// gap and test_error, those that at least three models have and that are not the same for all.
std::vector<Target> targets(const Frame& frame);

}  // namespace assay::evaluate
