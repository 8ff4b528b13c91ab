// Add: y = x_1 + ... + x_n; inputs are spread over the shape that they have together.

#include "libanalysis/engine/layers/weighted_sum.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_add(const LayerSpec& spec) { return std::make_unique<WeightedSum>(spec, std::vector<double>(spec.inputs.size(), 1)); }

}  // namespace

const LayerKind add_kind{"add", make_add};

}  // namespace assay::engine::layers
