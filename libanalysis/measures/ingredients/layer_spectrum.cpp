#include "libanalysis/measures/ingredients/layer_spectrum.hpp"

#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/spectral/singular_values.hpp"
#include "libanalysis/spectral/top_eigenvalues.hpp"

#include <algorithm>
#include <functional>

namespace assay::measures::ingredients {
namespace {

// Up to this order the whole spectrum takes about as long as Lanczos needs for its largest value.
constexpr std::size_t full_spectrum_order = 512;

LayerSpectrum::Value spectrum(Subject& subject, linop::MatrixView values, std::size_t rows, std::size_t cols) {
    LayerSpectrum::Value result;
    if (std::min(rows, cols) <= full_spectrum_order) {
        result.singular_values = spectral::singular_values(subject.backend(), values, rows, cols);
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

/// Of several blocks all together, as those of the matrix that has them on its diagonal.
LayerSpectrum::Value spectrum(Subject& subject, linop::MatrixView values, const WeightMatrix& matrix) {
    if (matrix.blocks == 1) return spectrum(subject, values, matrix.rows, matrix.cols);
    LayerSpectrum::Value result;
    for (std::size_t b = 0; b < matrix.blocks; ++b) {
        const std::vector<double> block = block_of(values, matrix, b);
        const LayerSpectrum::Value one = spectrum(subject, std::span<const double>(block), matrix.rows, matrix.cols / matrix.blocks);
        result.singular_values.insert(result.singular_values.end(), one.singular_values.begin(), one.singular_values.end());
        result.error = std::max(result.error, one.error);
    }
    std::sort(result.singular_values.begin(), result.singular_values.end(), std::greater<>());
    return result;
}

}  // namespace

LayerSpectrum::Value LayerSpectrum::compute(Subject& subject, const Key& key) {
    const model::Model& model = subject.model();
    const WeightMatrix matrix = weight_matrix(model, key.parameter);
    const model::Weights* trained = subject.weights(key.weights == "change" ? "final" : key.weights);
    const model::Weights* initial = key.weights == "change" ? subject.weights("init") : trained;
    if (!trained || !initial) throw Error(ErrorKind::missing, {"weights", "initial weights", "none"});
    const model::Tensor& tensor = trained->at(key.parameter);
    require_finite(model, tensor, key.parameter);
    if (key.weights != "change") {
        Value value = spectrum(subject, values_of(tensor), matrix);
        value.frobenius_squared = squared_sum(tensor);
        return value;
    }
    const model::Tensor& start = initial->at(key.parameter);
    require_finite(model, start, key.parameter);
    std::vector<double> change = tensor.to_double();
    const std::vector<double> from = start.to_double();
    for (std::size_t i = 0; i < change.size(); ++i) change[i] -= from.at(i);
    Value value = spectrum(subject, std::span<const double>(change), matrix);
    for (const double x : change) value.frobenius_squared += x * x;
    return value;
}

const std::vector<double>* LayerSpectrum::whole(Subject& subject, const Key& key) {
    const Shape& shape = subject.model().parameters.at(key.parameter).shape;
    const std::int64_t cols = shape.back(), rows = cols ? element_count(shape) / cols : 0;
    if (std::min(rows, cols) > static_cast<std::int64_t>(full_spectrum_order)) return nullptr;
    return &subject.get<LayerSpectrum>(key).singular_values;
}

}  // namespace assay::measures::ingredients
