#pragma once
// Groups of weights along the inputs of a unit: consecutive rows of one column of a weight matrix [inputs, outputs].

#include "libanalysis/pruning/mask.hpp"

#include <functional>

namespace assay::pruning {

/// Whether a parameter has inputs along which groups are formed: kernels of any kind, not the rows of an embedding, nor the
/// kernel of a transposed convolution, whose inputs lie side by side.
bool has_groups(const model::Parameter& parameter);

/// Visits every group of `group` entries (a last one may be shorter) of a matrix with `cols` columns, by the indices of its entries.
void for_each_group(std::size_t size, std::size_t cols, std::size_t group, const std::function<void(std::span<const std::size_t>)>& visit);

/// Keeps the `keep` highest scores of every group; of equal ones the first goes. Parameters without groups have no mask.
/// @throws Error{usage} unless 1 <= keep <= group.
Masks keep_in_groups(const model::Model& model, const Scores& scores, std::int64_t keep, std::int64_t group);

}  // namespace assay::pruning
