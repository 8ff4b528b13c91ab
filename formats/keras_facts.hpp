#pragma once
// What a Keras file says about its training.

#include "libanalysis/model/model.hpp"

namespace assay::formats::keras {

/// Fills loss, from_logits, optimizer, learning_rate, raw from a training_config (or compile_config); leaves what it does not say.
void read_training_config(const Json& config, model::TrainingFacts& facts);

/// {l1, l2} of a layer's regulariser setting; null gives zeros, an unknown class nothing.
std::optional<std::pair<double, double>> read_regulariser(const Json& setting);

}  // namespace assay::formats::keras
