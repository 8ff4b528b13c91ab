#pragma once
// Graph and arrays of a Keras file become one neutral model.

#include "formats/keras_weights.hpp"

namespace assay::formats::keras {

/// Gives every layer its arrays by position, as Keras does, checks their number and shapes, makes them canonical, and translates
/// the graph. @throws Error{format} naming the layer that does not fit.
model::Model assemble(Graph graph, StoredWeights stored, const Dialect& dialect);

/// The same without an architecture: roles come from the names of the arrays.
model::Model assemble_weights(StoredWeights stored);

}  // namespace assay::formats::keras
