#include "libanalysis/measures/ingredients/convolution_norm.hpp"

#include "libanalysis/linop/layer_operator.hpp"
#include "libanalysis/measures/ingredients/layer_geometry.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/spectral/circular_convolution.hpp"
#include "libanalysis/spectral/top_eigenvalues.hpp"

namespace assay::measures::ingredients {
namespace {

ConvolutionNorm::Value circular(const model::Tensor& kernel, const model::Node& node, const Shape& input) {
    const std::vector<double> values = kernel.to_double();
    const std::int64_t groups = node.attributes.value("groups", std::int64_t{1});
    const auto dilation = node.attributes.value("dilation_rate", std::vector<std::int64_t>{1, 1});
    return {spectral::circular_norm({.kernel = values, .kernel_h = kernel.shape[0], .kernel_w = kernel.shape[1], .in = kernel.shape[2],
                                     .out = kernel.shape[3], .groups = groups, .height = input[0], .width = input[1],
                                     .dilation_h = dilation.at(0), .dilation_w = dilation.at(1)}),
            0};
}

ConvolutionNorm::Value exact(Subject& subject, const model::Tensor& kernel, const model::Node& node, const Shape& input) {
    engine::LayerSpec spec{.where = "layer " + node.layer, .attributes = node.attributes, .inputs = {input}, .parameters = {kernel.shape}};
    spec.attributes["use_bias"] = false;   // the linear part alone
    const auto layer = engine::make_layer(node.kind, spec);
    const engine::DType precision = subject.options().precision;
    const engine::Buffer weights = subject.backend().from_host(kernel.to_double(), precision);
    const linop::LayerOperator op(subject.backend(), *layer, input, {weights.const_view()}, precision);
    const Context& context = subject.context();
    // In single precision a product carries rounding of about 1e-7 of the norm: a smaller residual cannot be reached.
    const double tolerance = precision == engine::DType::float64 ? 1e-10 : 1e-6;
    const spectral::SingularValue top = spectral::spectral_norm(
        op, {.tolerance = tolerance, .seed = context.seed.child("convolution_norm"), .poll = [&context] { context.check_stop(); }});
    if (!top.converged) throw Error(ErrorKind::data, {"layer " + node.layer, "a converged Lanczos iteration", "none"});
    return {top.value, top.error};
}

}  // namespace

ConvolutionNorm::Value ConvolutionNorm::compute(Subject& subject, const Key& key) {
    const model::Model& model = subject.model();
    const model::Parameter& parameter = model.parameters.at(key.parameter);
    const model::Tensor& kernel = model.weights.at(key.parameter);
    require_finite(model, kernel, key.parameter);
    const LayerGeometry::Value& uses = subject.get<LayerGeometry>({});
    const auto use = uses.find(key.parameter);
    if (use == uses.end()) throw Error(ErrorKind::missing, {"layer " + parameter.layer, "a place on the way to an output", "none"});
    if (use->second.node->kind != "conv2d" || kernel.shape.size() != 4)
        throw Error(ErrorKind::unsupported, {"layer " + parameter.layer, "a Conv2D layer for a convolution norm", use->second.node->layer_class});
    const Shape& input = use->second.inputs.at(0);
    return key.kind == Kind::circular ? circular(kernel, *use->second.node, input) : exact(subject, kernel, *use->second.node, input);
}

}  // namespace assay::measures::ingredients
