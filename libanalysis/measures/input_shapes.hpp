#pragma once
// Shapes that a model leaves open, filled from the data.

#include "libanalysis/data/dataset.hpp"
#include "libanalysis/model/model.hpp"

#include <vector>

namespace assay::measures {

/// For NetworkOptions::input_shapes: empty when the model fixes all extents or the split has no input of a name it needs (what
/// does not fit is said where the data are read); else one shape per input, the open ones from the split's rows.
std::vector<Shape> input_shapes_for(const model::Model& model, const data::Split& split);

}  // namespace assay::measures
