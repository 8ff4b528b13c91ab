#pragma once
// Masks over the weights of a network, and how scores become masks. Which weights may be pruned: the entries of weight matrices
// (model::is_weight_matrix); biases and the parameters of normalisation layers never are.

#include "libanalysis/model/model.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace assay::pruning {

/// 1: kept, 0: pruned. One array for each of Model::parameters, of its size; empty where nothing of the parameter is pruned.
using Masks = std::vector<std::vector<std::uint8_t>>;

/// One number for each weight that may be pruned, in the same arrangement: the larger, the more worth keeping.
using Scores = std::vector<std::vector<double>>;

/// Indices of the parameters that may be pruned, in model order. @throws Error{missing} when there are none.
std::vector<std::size_t> prunable(const model::Model& model);

/// floor(sparsity * count): nudged, so that 0.9 of 10 is 9 although the product may round below it. `sparsity` in [0, 1].
std::size_t pruned_count(double sparsity, std::size_t count);

/// Prunes the pruned_count() lowest scores of all arrays together; of equal scores the first in model order goes first.
/// @throws Error{data} for a score that is not a number.
Masks keep_highest(const Scores& scores, double sparsity);

/// The same in every array by itself.
Masks keep_highest_in_each(const Scores& scores, double sparsity);

/// |w| of every weight that may be pruned. @throws Error{data} naming the layer of a weight that is not finite.
Scores magnitudes(const model::Model& model, const model::Weights& weights);

/// 1 where a weight that may be pruned is not zero.
Masks nonzero(const model::Model& model, const model::Weights& weights);

/// Weights times masks; what is pruned becomes exactly zero, whatever it was.
model::Weights masked(model::Weights weights, const Masks& masks);

std::size_t kept(std::span<const std::uint8_t> mask);

}  // namespace assay::pruning
