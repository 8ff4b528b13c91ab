#pragma once
// A checkpoint as the tasks open it.

#include "libanalysis/core/json.hpp"
#include "libanalysis/model/model.hpp"

#include <memory>
#include <string>

namespace assay::tools {

/// Arguments "path", "architecture" and "lambdas". Null for a file that no format claims and that does not call itself a checkpoint.
/// @throws Error
std::shared_ptr<const model::Model> open_model(const Json& arguments);

/// Format, sizes and training facts, for a store and for people.
Json facts_of(const model::Model& model);

/// A string argument, "" where it is absent or null.
std::string text_argument(const Json& arguments, const char* key);

}  // namespace assay::tools
