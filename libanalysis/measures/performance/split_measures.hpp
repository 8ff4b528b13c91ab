#pragma once
// Accuracy, loss and near-ties of one split; each split's measure is a constant of its own, because their needs differ.

#include "libanalysis/measures/measure.hpp"

#include <string>

namespace assay::measures::performance {

std::vector<Value> accuracy(Subject& subject, const std::string& split);
std::vector<Value> loss(Subject& subject, const std::string& split);
/// With every probability clipped to [clip, 1 - clip] before its logarithm, as training loops log it.
std::vector<Value> clipped_loss(Subject& subject, const std::string& split, const Parameters& parameters);
std::vector<Value> near_ties(Subject& subject, const std::string& split);

}  // namespace assay::measures::performance
