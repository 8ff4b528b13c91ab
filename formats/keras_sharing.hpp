#pragma once
// Layers that several models of a Keras 3 file share. Keras stores such a layer once, at the first place where it meets it.

#include "formats/keras_config.hpp"

#include <functional>

namespace assay::formats::keras {

/// A layer without arrays at its own place that the config marks as an object seen before becomes further calls of the layer that it is:
/// the one of the same class and config that has arrays. `has_arrays` tells whether a place has some. What is not marked stays as it is.
/// @throws Error{format} naming a layer that may be one of several
void join_shared_layers(Graph& graph, const std::function<bool(const std::string& place)>& has_arrays);

/// A layer of the graph that has the same class and config, name included, as this one does; null where there is none.
const Layer* namesake_of(const Graph& graph, const Layer& layer);

/// Whether the config marks the layer, or the one that it wraps, as an object seen before.
bool is_marked_shared(const Layer& layer);

}  // namespace assay::formats::keras
