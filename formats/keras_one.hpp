#pragma once
// Keras 1 wrote other names for classes and arguments; here they become those of Keras 2.

#include "libanalysis/core/json.hpp"

#include <string>

namespace assay::formats::keras {

/// Renames in place, also in the layer that a wrapper holds; leaves newer configs as they are. Merge becomes Add, Multiply, Concatenate,
/// Average, Maximum or Dot where its mode says so.
void renew_keras_one(std::string& class_name, Json& config);

/// A Merge at the head of a Sequential model, which holds the models that it merges.
bool is_merge_of_branches(const std::string& class_name, const Json& config);

}  // namespace assay::formats::keras
