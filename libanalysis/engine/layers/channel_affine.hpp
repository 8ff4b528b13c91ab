#pragma once
// y = gamma (x - mean) / deviation + beta with a number of each for every place in the last axes of the input, which the parameters'
// shape names. Mean and variance are constants; the deviation is sqrt(variance + epsilon), or `least` where that is larger.

#include "libanalysis/engine/layer.hpp"

namespace assay::engine::layers {

struct ChannelAffine {
    bool gamma = true, beta = true;   ///< parameters in this order: gamma, beta, moving_mean, moving_variance
    double epsilon = 0, least = 0;
};

/// @throws Error{format} for an input or parameters that do not fit; `shape`: the last extents of the input.
std::unique_ptr<Layer> make_channel_affine(const LayerSpec& spec, const ChannelAffine& settings, const Shape& shape);

}  // namespace assay::engine::layers
