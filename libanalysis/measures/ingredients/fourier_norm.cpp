#include "libanalysis/measures/ingredients/fourier_norm.hpp"

#include "libanalysis/measures/convolution.hpp"
#include "libanalysis/measures/ingredients/layer_spectrum.hpp"
#include "libanalysis/measures/norms.hpp"

#include <algorithm>

namespace assay::measures::ingredients {

ImageSize image_size(Subject& subject) {
    const Shape& input = subject.network().input_shapes().at(0);
    if (input.size() != 3) throw Error(ErrorKind::unsupported, {"the network's input", "an image", std::to_string(input.size()) + " axes"});
    return {input[0], input[1]};
}

FourierNorm::Value FourierNorm::compute(Subject& subject, const Key& key) {
    const model::Model& model = subject.model();
    const Shape& shape = model.parameters.at(key.parameter).shape;
    if (shape.size() == 2) return subject.get<LayerSpectrum>({key.weights, key.parameter}).norm();
    const ConvolutionUse use = convolution_use(subject, key.parameter);
    const auto [height, width] = image_size(subject);
    const model::Tensor& kernel = model.weights.at(key.parameter);
    require_finite(model, kernel, key.parameter);
    WeightMatrix matrix;
    matrix.parameter = key.parameter;
    const std::vector<double> values = key.weights == "change" ? change_of(subject, matrix) : kernel.to_double();
    return spectral::circular_norm(subject.backend(), circular_convolution(use, values, height, width));
}

}  // namespace assay::measures::ingredients
