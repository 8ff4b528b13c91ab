// Subtract: y = x_1 - x_2; inputs are spread over the shape that they have together.

#include "libanalysis/engine/layers/weighted_sum.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_subtract(const LayerSpec& spec) {
    spec.require_inputs(2);
    return std::make_unique<WeightedSum>(spec, std::vector<double>{1, -1});
}

}  // namespace

const LayerKind subtract_kind{"subtract", make_subtract};

}  // namespace assay::engine::layers
