#pragma once
// The layer graph as Graphviz text.

#include "libanalysis/engine/outline.hpp"

#include <string>

namespace assay::tools {

/// One box a layer of the file (its nodes are drawn as one), with class, output shape and parameter count; edges from inputs to outputs. Layers
/// that Assay cannot run are dashed.
std::string graph_drawing(const model::Model& model, const std::vector<engine::NodeOutline>& outline);

}  // namespace assay::tools
