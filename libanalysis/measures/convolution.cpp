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
    const Shape& input = use->second.inputs.at(0);
    return {use->second.node, input, engine::convolution_shape(*use->second.node, kernel.shape, input)};
}

spectral::CircularConvolution circular_convolution(const ConvolutionUse& use, std::span<const double> kernel, std::int64_t height, std::int64_t width) {
    const engine::ConvolutionShape& c = use.shape;
    return {.kernel = kernel, .kernel_h = c.kernel_h, .kernel_w = c.kernel_w, .in = c.in, .out = c.out, .groups = c.groups, .height = height,
            .width = width, .dilation_h = c.dilation_h, .dilation_w = c.dilation_w};
}

ConvolutionOperator::ConvolutionOperator(Subject& subject, const model::Tensor& kernel, const ConvolutionUse& use)
    : layer_(linear_part(*use.node, use.input, kernel.shape)),
      weights_(subject.backend().from_host(kernel.to_double(), subject.options().precision)),
      operator_(std::make_unique<linop::LayerOperator>(subject.backend(), *layer_, use.input, std::vector<engine::ConstView>{weights_.const_view()},
                                                       subject.options().precision)) {}

}  // namespace assay::measures
