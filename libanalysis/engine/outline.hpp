#pragma once
// What can be told about a network without running it, and where only a part of it can be: shapes, multiply-adds and receptive
// fields node by node, past layers that Assay does not have.

#include "libanalysis/model/model.hpp"

#include <optional>
#include <string>
#include <vector>

namespace assay::engine {

/// How far back a value looks along one axis of the image (or of time): `size` cells of the input, moving `step` cells for each cell.
struct Reach {
    double size = 1, step = 1;
};

struct NodeOutline {
    std::optional<Shape> shape;        ///< of one row
    double madds = 0;                  ///< multiply-adds of forward for one row
    /// Receptive field along the first axes of the first input, one or two; empty where it is everything or not known.
    std::vector<Reach> field;
    bool sees_all = false;             ///< every cell of the input
    std::string problem;               ///< why the layer cannot be built
};

/// By vertex. `input_shapes` fills open extents as NetworkOptions does; an input that stays open has no shape, nor what follows.
/// @throws Error{format} for a graph with a cycle.
std::vector<NodeOutline> outline(const model::Model& model, const std::vector<Shape>& input_shapes = {});

}  // namespace assay::engine
