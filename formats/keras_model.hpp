#pragma once
// Graph and arrays of a Keras file become one neutral model.

#include "formats/keras_weights.hpp"

#include <map>
#include <string>

namespace assay::formats::keras {

/// Gives every layer its arrays by position, as Keras does, checks their number and shapes, makes them canonical, and translates
/// the graph. `lambdas` say which function of x a Lambda layer is, by its name; its own code is never run.
/// @throws Error{format} naming the layer that does not fit, Error{usage} for a name or a function in `lambdas` that is not accepted.
model::Model assemble(Graph graph, StoredWeights stored, const Dialect& dialect, const std::map<std::string, std::string>& lambdas = {});

/// The same without an architecture: roles come from the names of the arrays.
model::Model assemble_weights(StoredWeights stored);

/// Counts weights that are NaN or infinite and notes them.
void note_non_finite(model::Model& model);

}  // namespace assay::formats::keras
