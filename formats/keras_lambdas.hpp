#pragma once
// Lambda layers hold Python code, which is never run: their users may say what they do.

#include "formats/keras_config.hpp"

#include <map>

namespace assay::formats::keras {

/// Makes each Lambda layer that `lambdas` names a Rescaling by the affine function of x given for it, or the activation that is named
/// ("relu", "square"), and returns a note for each.
/// @throws Error{usage} for a name that is no Lambda layer's, and for a function that is not accepted (affine_expression.hpp).
std::vector<std::string> replace_lambdas(Graph& graph, const std::map<std::string, std::string>& lambdas);

}  // namespace assay::formats::keras
