// DepthwiseConv1D: Conv1D with filters for each channel; kernel [size, in, depth_multiplier], bias [in depth_multiplier].

#include "libanalysis/engine/layers/convolution.hpp"

namespace assay::engine::layers {
namespace {

class DepthwiseConv1D final : public Convolution {
public:
    explicit DepthwiseConv1D(const LayerSpec& spec) : Convolution(spec, 1, Channels::depthwise) {}
};

}  // namespace

const LayerKind depthwise_conv1d_kind{"depthwise_conv1d", make<DepthwiseConv1D>};

}  // namespace assay::engine::layers
