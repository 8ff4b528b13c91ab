#pragma once
// What a network answers to inputs that need no labels: the statistics of responses that predictors learn from.

#include "libanalysis/measures/measure.hpp"
#include "libanalysis/measures/subject.hpp"

namespace assay::measures::features {

/// For each set of rows: of the outputs as logits entropies, margins and spread; of each activation the quantiles of its units' deviations,
/// the share of dead units and of positive values, and how much the rows differ. Two arrays, layer by layer ("positional") and over
/// layers ("pooled"). Outputs or activations that are not finite make both missing.
std::vector<Value> responses(Subject& subject, std::span<const data::Rows> inputs);

}  // namespace assay::measures::features
