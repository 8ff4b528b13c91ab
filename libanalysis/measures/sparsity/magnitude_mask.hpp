#pragma once
// The weights of a network with the smallest ones set to zero.

#include "libanalysis/model/model.hpp"

namespace assay::measures {

/// Copies the weights and sets the floor(sparsity * n) weights of smallest magnitude to zero, n the number of entries of all
/// weight matrices together (one threshold for the whole network). Of equal magnitudes the first in model order goes first.
/// @throws Error{data} for non-finite weights.
model::Weights masked_by_magnitude(const model::Model& model, double sparsity);

}  // namespace assay::measures
