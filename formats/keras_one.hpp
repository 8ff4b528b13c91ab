#pragma once
// Keras 1 wrote other names for classes and arguments; here they become those of Keras 2.

#include "libanalysis/core/json.hpp"

#include <string>

namespace assay::formats::keras {

/// Renames in place; leaves newer configs as they are. Merge becomes Add, Multiply or Concatenate where its mode says so.
void renew_keras_one(std::string& class_name, Json& config);

}  // namespace assay::formats::keras
