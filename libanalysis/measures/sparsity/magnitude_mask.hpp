#pragma once
// The weights of a network that magnitude pruning leaves, as the measures of sparsity look at them.

#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/pruning/mask.hpp"

#include <functional>

namespace assay::measures {

/// 1 where a weight of a weight matrix is not zero after the floor(sparsity * n) weights of smallest magnitude were pruned, n the
/// number of entries of all weight matrices together (one threshold for the whole network; 0: weights as they are). Of equal
/// magnitudes the first in model order goes first. @throws Error{data} for non-finite weights.
pruning::Masks magnitude_mask(const model::Model& model, const model::Weights& weights, double sparsity);

/// The model's weights under that mask.
model::Weights masked_by_magnitude(const model::Model& model, double sparsity);

/// `of` of every weight matrix by itself, and of all of them together; what is not finite becomes missing.
std::vector<Value> by_matrix(const model::Model& model, const std::function<double(const std::vector<const WeightMatrix*>&)>& of,
                             const std::string& convention = {});

}  // namespace assay::measures
