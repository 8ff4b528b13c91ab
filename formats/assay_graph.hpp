#pragma once
// Assay's own layout, which assay-export writes from PyTorch.

#include "formats/hdf5.hpp"
#include "libanalysis/model/model.hpp"

namespace assay::formats::graph {

bool is_assay_graph(const hdf5::File& file);

/// Weights of another file of this layout, found by the names of the parameters. @throws Error{format} where one is missing or has another shape.
model::Weights weights_for(const model::Model& like, const hdf5::File& file);

}  // namespace assay::formats::graph
