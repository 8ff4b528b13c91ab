#include "libanalysis/measures/ingredients/convolution_norm.hpp"

#include "libanalysis/measures/convolution.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/spectral/top_eigenvalues.hpp"

namespace assay::measures::ingredients {
namespace {

ConvolutionNorm::Value exact(Subject& subject, const model::Tensor& kernel, const ConvolutionUse& use) {
    const ConvolutionOperator convolution(subject, kernel, use);
    const Context& context = subject.context();
    // In single precision a product carries rounding of about 1e-7 of the norm: a smaller residual cannot be reached.
    const double tolerance = subject.options().precision == engine::DType::float64 ? 1e-10 : 1e-6;
    const spectral::SingularValue top =
        spectral::spectral_norm(convolution.linear(), {.tolerance = tolerance, .seed = context.seed.child("convolution_norm"),
                                                       .poll = [&context] { context.check_stop(); }});
    if (!top.converged) throw Error(ErrorKind::data, {"layer " + use.node->layer, "a converged Lanczos iteration", "none"});
    return {top.value, top.error};
}

}  // namespace

ConvolutionNorm::Value ConvolutionNorm::compute(Subject& subject, const Key& key) {
    const model::Model& model = subject.model();
    const model::Tensor& kernel = model.weights.at(key.parameter);
    require_finite(model, kernel, key.parameter);
    const ConvolutionUse use = convolution_use(subject, key.parameter);
    if (key.kind == Kind::exact) return exact(subject, kernel, use);
    const std::vector<double> values = kernel.to_double();
    return {spectral::circular_norm(subject.backend(), circular_convolution(use, values, use.shape.height, use.shape.width)), 0};
}

}  // namespace assay::measures::ingredients
