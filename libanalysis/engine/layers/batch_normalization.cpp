// BatchNormalization at inference: y = gamma (x - mean) / sqrt(variance + epsilon) + beta over the last axis. Parameters in
// this order: gamma (if scale), beta (if center), moving_mean, moving_variance; the moving statistics are constants.

#include "libanalysis/engine/layers/channel_affine.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_batch_normalization(const LayerSpec& spec) {
    spec.require_inputs(1);
    if (spec.inputs[0].empty()) spec.fail("an input with at least one axis", "a scalar");
    const ChannelAffine settings{.gamma = spec.boolean("scale", true), .beta = spec.boolean("center", true), .epsilon = spec.number("epsilon", 1e-3)};
    return make_channel_affine(spec, settings, {spec.inputs[0].back()});
}

}  // namespace

const LayerKind batch_normalization_kind{"batch_normalization", make_batch_normalization};

}  // namespace assay::engine::layers
