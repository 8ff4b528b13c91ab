// Normalization of inputs by constants: y = (x - mean) / max(sqrt(variance), 1e-7), with a mean and a variance for every place in the
// last `axes` axes of the input (0: one of each). Parameters: mean, variance.

#include "libanalysis/engine/layers/channel_affine.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_normalization(const LayerSpec& spec) {
    spec.require_inputs(1);
    const Shape& input = spec.inputs[0];
    const std::int64_t axes = spec.integer("axes", 1), rank = static_cast<std::int64_t>(input.size());
    if (axes < 0 || axes > rank) spec.fail("`axes` of 0 to " + std::to_string(rank), std::to_string(axes));
    return make_channel_affine(spec, {.gamma = false, .beta = false, .epsilon = 0, .least = 1e-7}, Shape(input.end() - axes, input.end()));
}

}  // namespace

const LayerKind normalization_kind{"normalization", make_normalization};

}  // namespace assay::engine::layers
