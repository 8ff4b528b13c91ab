#pragma once
// Accuracy, losses and near-ties of one split; each split's measure is a constant of its own, because their needs differ.

#include "libanalysis/measures/measure.hpp"

#include <string>

namespace assay::measures::performance {

std::vector<Value> accuracy(Subject& subject, const std::string& split);
std::vector<Value> loss(Subject& subject, const std::string& split);
/// The loss from probabilities clipped to [1e-7, 1 - 1e-7], which is what Keras logs for a network that ends in softmax or sigmoid.
std::vector<Value> clipped_loss(Subject& subject, const std::string& split);
std::vector<Value> near_ties(Subject& subject, const std::string& split);

}  // namespace assay::measures::performance
