// Average: y = (x_1 + ... + x_n) / n; inputs are spread over the shape that they have together.

#include "libanalysis/engine/layers/weighted_sum.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_average(const LayerSpec& spec) {
    return std::make_unique<WeightedSum>(spec, std::vector<double>(spec.inputs.size(), 1 / static_cast<double>(spec.inputs.size())));
}

}  // namespace

const LayerKind average_kind{"average", make_average};

}  // namespace assay::engine::layers
