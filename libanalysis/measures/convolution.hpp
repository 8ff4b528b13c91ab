#pragma once
// A convolution layer as linear operators: with circular padding at any image size, and as the layer applies it.

#include "libanalysis/engine/convolution_shape.hpp"
#include "libanalysis/linop/layer_operator.hpp"
#include "libanalysis/measures/subject.hpp"
#include "libanalysis/spectral/circular_convolution.hpp"

#include <memory>
#include <span>

namespace assay::measures {

/// Where a convolution kernel is used. @throws Error{unsupported} for layers that are no convolution of any kind, Error{missing} for a kernel that
/// reaches no output, and the Error of building the network.
struct ConvolutionUse {
    const model::Node* node;
    Shape input;
    engine::ConvolutionShape shape;
};
ConvolutionUse convolution_use(Subject& subject, std::size_t parameter);

/// The operator with circular padding and stride 1 on height x width images; dilation and groups are the layer's.
/// `kernel`: of the parameter's size; it must outlive the result. Of a transposed convolution it is the one that it is the transpose of.
spectral::CircularConvolution circular_convolution(const ConvolutionUse& use, std::span<const double> kernel, std::int64_t height, std::int64_t width);

/// The linear part of the layer with its stride, dilation, groups and zero padding, in the subject's precision.
class ConvolutionOperator {
public:
    ConvolutionOperator(Subject& subject, const model::Tensor& kernel, const ConvolutionUse& use);
    const linop::LayerOperator& linear() const { return *operator_; }

private:
    std::unique_ptr<engine::Layer> layer_;
    engine::Buffer weights_;
    std::unique_ptr<linop::LayerOperator> operator_;
};

}  // namespace assay::measures
