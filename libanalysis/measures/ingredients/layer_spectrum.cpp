#include "libanalysis/measures/ingredients/layer_spectrum.hpp"

#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/spectral/singular_values.hpp"
#include "libanalysis/spectral/top_eigenvalues.hpp"

#include <algorithm>

namespace assay::measures::ingredients {
namespace {

// Up to this order the whole spectrum takes about as long as Lanczos needs for its largest value.
constexpr std::size_t full_spectrum_order = 512;

LayerSpectrum::Value spectrum(Subject& subject, linop::MatrixView values, std::size_t rows, std::size_t cols) {
    LayerSpectrum::Value result;
    if (std::min(rows, cols) <= full_spectrum_order) {
        result.singular_values = spectral::singular_values(values, rows, cols);
    } else {
        const Context& context = subject.context();
        const spectral::SingularValue top =
            spectral::spectral_norm(linop::MatrixOperator(values, rows, cols),
                                    {.seed = context.seed.child("layer_spectrum"), .poll = [&context] { context.check_stop(); }});
        if (!top.converged) throw Error(ErrorKind::data, {"spectral norm", "a converged Lanczos iteration", "none"});
        result.singular_values = {top.value};
        result.error = top.error;
    }
    return result;
}

}  // namespace

LayerSpectrum::Value LayerSpectrum::compute(Subject& subject, const Key& key) {
    const model::Model& model = subject.model();
    const Shape& shape = model.parameters.at(key.parameter).shape;
    const auto cols = static_cast<std::size_t>(shape.back());
    const std::size_t rows = cols ? static_cast<std::size_t>(element_count(shape)) / cols : 0;
    const model::Weights* trained = subject.weights(key.weights == "change" ? "final" : key.weights);
    const model::Weights* initial = key.weights == "change" ? subject.weights("init") : trained;
    if (!trained || !initial) throw Error(ErrorKind::missing, {"weights", "initial weights", "none"});
    const model::Tensor& tensor = trained->at(key.parameter);
    require_finite(model, tensor, key.parameter);
    if (key.weights != "change") {
        Value value = spectrum(subject, values_of(tensor), rows, cols);
        value.frobenius_squared = squared_sum(tensor);
        return value;
    }
    const model::Tensor& start = initial->at(key.parameter);
    require_finite(model, start, key.parameter);
    std::vector<double> change = tensor.to_double();
    const std::vector<double> from = start.to_double();
    for (std::size_t i = 0; i < change.size(); ++i) change[i] -= from.at(i);
    Value value = spectrum(subject, std::span<const double>(change), rows, cols);
    for (const double x : change) value.frobenius_squared += x * x;
    return value;
}

}  // namespace assay::measures::ingredients
