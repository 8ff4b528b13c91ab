#pragma once
// What a convolution node is, whatever its kind says: over time or images, depthwise, or the transpose of a convolution.

#include "libanalysis/model/model.hpp"

namespace assay::engine {

/// Of the plain convolution whose kernel is the same array [kernel_h, kernel_w, in, out]. Over time the height is 1; depthwise there are
/// as many groups as channels; a transposed convolution is described by the one that it is the transpose of, which has the same norm.
struct ConvolutionShape {
    std::int64_t kernel_h = 1, kernel_w = 1;
    std::int64_t in = 1;    ///< channels of a group
    std::int64_t out = 1;   ///< all output channels
    std::int64_t groups = 1, dilation_h = 1, dilation_w = 1;
    std::int64_t height = 1, width = 1;   ///< of the layer's input
};

bool is_convolution(const model::Node& node);
bool is_depthwise(const model::Node& node);
bool is_transposed(const model::Node& node);

/// `kernel` and `input` (one row): the shapes that the engine has accepted for the node. @throws Error{unsupported} for other nodes.
ConvolutionShape convolution_shape(const model::Node& node, const Shape& kernel, const Shape& input);

/// The output channel to which entry `index` of the kernel of a convolution or dense node contributes.
std::size_t output_channel(const model::Node& node, const Shape& kernel, std::size_t index);

}  // namespace assay::engine
