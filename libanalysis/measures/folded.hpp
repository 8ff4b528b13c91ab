#pragma once
// BatchNormalization folded into the layer before it: other weights, the same function.

#include "libanalysis/model/model.hpp"

namespace assay::measures {

/// Kernel and bias of the convolution or dense layer before each BatchNormalization take over its scale and shift; gamma becomes 1,
/// beta and the moving mean 0, the moving variance 1 - epsilon. Where the layer has no bias, the shift stays with the normalisation.
/// `weights`: in the model's order. @throws Error{unsupported} naming a normalisation without such a layer of its own directly before it.
model::Weights folded(const model::Model& model, const model::Weights& weights);

bool has_normalisation(const model::Model& model);

}  // namespace assay::measures
