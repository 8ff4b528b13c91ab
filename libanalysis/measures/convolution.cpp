#include "libanalysis/measures/convolution.hpp"

#include "libanalysis/measures/ingredients/layer_geometry.hpp"

namespace assay::measures {
namespace {

std::unique_ptr<engine::Layer> linear_part(const model::Node& node, const Shape& input, const Shape& kernel) {
    engine::LayerSpec spec{.where = "layer " + node.layer, .attributes = node.attributes, .inputs = {input}, .parameters = {kernel}};
    spec.attributes["use_bias"] = false;
    return engine::make_layer(node.kind, spec);
}

}  // namespace

ConvolutionUse convolution_use(Subject& subject, std::size_t parameter) {
    const model::Parameter& kernel = subject.model().parameters.at(parameter);
    const auto& uses = subject.get<ingredients::LayerGeometry>({});
    const auto use = uses.find(parameter);
    if (use == uses.end()) throw Error(ErrorKind::missing, {"layer " + kernel.layer, "a place on the way to an output", "none"});
    if (use->second.node->kind != "conv2d" || kernel.shape.size() != 4)
        throw Error(ErrorKind::unsupported, {"layer " + kernel.layer, "a Conv2D layer for a convolution norm", use->second.node->layer_class});
    return {use->second.node, use->second.inputs.at(0)};
}

spectral::CircularConvolution circular_convolution(const ConvolutionUse& use, std::span<const double> kernel, const Shape& shape, std::int64_t height,
                                                   std::int64_t width) {
    const std::int64_t groups = use.node->attributes.value("groups", std::int64_t{1});
    const auto dilation = use.node->attributes.value("dilation_rate", std::vector<std::int64_t>{1, 1});
    return {.kernel = kernel, .kernel_h = shape[0], .kernel_w = shape[1], .in = shape[2], .out = shape[3], .groups = groups, .height = height,
            .width = width, .dilation_h = dilation.at(0), .dilation_w = dilation.at(1)};
}

ConvolutionOperator::ConvolutionOperator(Subject& subject, const model::Tensor& kernel, const ConvolutionUse& use)
    : layer_(linear_part(*use.node, use.input, kernel.shape)),
      weights_(subject.backend().from_host(kernel.to_double(), subject.options().precision)),
      operator_(std::make_unique<linop::LayerOperator>(subject.backend(), *layer_, use.input, std::vector<engine::ConstView>{weights_.const_view()},
                                                       subject.options().precision)) {}

}  // namespace assay::measures
