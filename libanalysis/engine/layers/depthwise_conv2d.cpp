// DepthwiseConv2D: Conv2D with filters for each channel; kernel [kh, kw, in, depth_multiplier], bias [in depth_multiplier].

#include "libanalysis/engine/layers/convolution.hpp"

namespace assay::engine::layers {
namespace {

class DepthwiseConv2D final : public Convolution {
public:
    explicit DepthwiseConv2D(const LayerSpec& spec) : Convolution(spec, 2, Channels::depthwise) {}
};

}  // namespace

const LayerKind depthwise_conv2d_kind{"depthwise_conv2d", make<DepthwiseConv2D>};

}  // namespace assay::engine::layers
