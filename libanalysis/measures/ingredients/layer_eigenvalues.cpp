#include "libanalysis/measures/ingredients/layer_eigenvalues.hpp"

#include "libanalysis/measures/convolution.hpp"
#include "libanalysis/measures/ingredients/layer_spectrum.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/measures/weightwatcher.hpp"
#include "libanalysis/spectral/singular_values.hpp"

#include <algorithm>
#include <limits>

namespace assay::measures::ingredients {
namespace {

using Value = LayerEigenvalues::Value;

// Up to this order the accurate decomposition takes no longer than the Gram matrix's.
constexpr std::size_t small_order = 128;

// Small singular values are lost in a Gram matrix; ranks and logarithms need them.
bool needs_accuracy(const std::vector<double>& descending) { return descending.back() < 1e-5 * descending.front(); }

std::vector<double> singular_values_of(engine::Backend& backend, linop::MatrixView values, std::size_t rows, std::size_t cols) {
    const bool small = std::min(rows, cols) <= small_order;
    std::vector<double> found = spectral::singular_values(backend, values, rows, cols, small ? spectral::Method::accurate : spectral::Method::gram);
    if (!small && needs_accuracy(found)) found = spectral::singular_values(backend, values, rows, cols, spectral::Method::accurate);
    return found;
}

std::size_t rank_of(const std::vector<double>& singular, std::size_t rows) {
    if (singular.empty()) return 0;
    const double least = *std::max_element(singular.begin(), singular.end()) * static_cast<double>(rows) * std::numeric_limits<double>::epsilon();
    return static_cast<std::size_t>(std::count_if(singular.begin(), singular.end(), [&](double s) { return s > least; }));
}

Value finished(std::vector<double> singular, std::size_t a, std::size_t b) {
    Value value;
    value.rows = std::max(a, b);
    value.cols = std::min(a, b);
    value.rank = rank_of(singular, value.rows);
    value.rank_loss = singular.size() - value.rank;
    std::sort(singular.begin(), singular.end());
    value.ascending = std::move(singular);
    for (double& x : value.ascending) x *= x;
    value.smallest = value.ascending.empty() ? 0 : value.ascending.front();
    return value;
}

/// Of the matrices of all channels of a depthwise kernel together.
Value of_blocks(Subject& subject, const WeightMatrix& matrix) {
    const std::size_t cols = matrix.cols / matrix.blocks;
    std::vector<double> all;
    for (std::size_t b = 0; b < matrix.blocks; ++b) {
        const std::vector<double> block = block_of(values_of(subject.model().weights.at(matrix.parameter)), matrix, b);
        const std::vector<double> singular = singular_values_of(subject.backend(), std::span<const double>(block), matrix.rows, cols);
        all.insert(all.end(), singular.begin(), singular.end());
    }
    return finished(std::move(all), matrix.rows, cols);
}

Value of_matrix(Subject& subject, std::size_t parameter) {
    const WeightMatrix matrix = weight_matrix(subject.model(), parameter);
    if (matrix.blocks > 1) return of_blocks(subject, matrix);
    const model::Tensor& tensor = subject.model().weights.at(parameter);
    const auto cols = static_cast<std::size_t>(tensor.shape.back());
    const std::size_t rows = cols ? static_cast<std::size_t>(tensor.size()) / cols : 0;
    if (rows == 0) throw Error(ErrorKind::data, {"layer " + subject.model().parameters.at(parameter).layer, "weights", "none"});
    if (std::min(rows, cols) > small_order) {
        // What the spectral norm has already decomposed is not decomposed again.
        if (const auto* known = LayerSpectrum::whole(subject, {"final", parameter}); known && !needs_accuracy(*known)) return finished(*known, rows, cols);
    }
    return finished(singular_values_of(subject.backend(), values_of(tensor), rows, cols), rows, cols);
}

Value of_slices(Subject& subject, std::size_t parameter) {
    const auto slices = weightwatcher::slices_of(subject.model(), parameter);
    if (const std::string reason = weightwatcher::left_out(slices); !reason.empty()) 
        throw Error(ErrorKind::data, {"layer " + subject.model().parameters.at(parameter).layer, "", reason});
    if (!slices->convolution) return subject.get<LayerEigenvalues>({"matrix", parameter});
    const model::Tensor& tensor = subject.model().weights.at(parameter);
    const auto in = static_cast<std::size_t>(tensor.shape[2]), out = static_cast<std::size_t>(tensor.shape[3]);
    std::vector<double> all;
    std::size_t loss = 0;
    double smallest = 0;
    for (std::size_t i = 0; i < slices->count; ++i) {
        subject.context().check_stop();
        const linop::MatrixView slice = std::visit(
            [&](const auto& values) -> linop::MatrixView { return std::span(values).subspan(i * in * out, in * out); }, tensor.values);
        const std::vector<double> singular = singular_values_of(subject.backend(), slice, in, out);
        loss += singular.size() - rank_of(singular, slices->rows);
        smallest = std::max(smallest, *std::min_element(singular.begin(), singular.end()));
        all.insert(all.end(), singular.begin(), singular.end());
    }
    Value value = finished(std::move(all), slices->rows, slices->cols);
    value.rank_loss = loss;
    value.smallest = smallest * smallest / 2;
    for (double& x : value.ascending) x /= 2;   // WeightWatcher's scaling of convolutions
    return value;
}

Value of_circular(Subject& subject, std::size_t parameter) {
    const model::Tensor& kernel = subject.model().weights.at(parameter);
    const ConvolutionUse use = convolution_use(subject, parameter);
    const std::vector<double> values = kernel.to_double();
    const auto convolution = circular_convolution(use, values, use.shape.height, use.shape.width);
    const auto pixels = static_cast<std::size_t>(convolution.height * convolution.width);
    return finished(spectral::circular_singular_values(subject.backend(), convolution), pixels * static_cast<std::size_t>(convolution.in * convolution.groups),
                    pixels * static_cast<std::size_t>(convolution.out));
}

Value of_operator(Subject& subject, std::size_t parameter) {
    constexpr std::size_t highest_order = 2048, most_entries = std::size_t{1} << 24;
    const ConvolutionUse use = convolution_use(subject, parameter);
    const ConvolutionOperator convolution(subject, subject.model().weights.at(parameter), use);
    const linop::LayerOperator& a = convolution.linear();
    const std::size_t rows = a.rows(), cols = a.cols(), order = std::min(rows, cols);
    if (order > highest_order || rows * cols > most_entries)
        throw Error(ErrorKind::unsupported, {"layer " + use.node->layer, "an operator of at most 2048 singular values and 2^24 entries",
                                             std::to_string(rows) + " x " + std::to_string(cols), "The convention circular has no such bound."});
    const bool transposed = rows < cols;   // one product for each value of the smaller side
    std::vector<double> matrix(rows * cols), unit(order, 0.0);
    for (std::size_t i = 0; i < order; ++i) {
        subject.context().check_stop();
        unit[i] = 1;
        const auto line = std::span(matrix).subspan(i * std::max(rows, cols), std::max(rows, cols));
        if (transposed)
            a.apply_transpose(std::span<const double>(unit), line);
        else
            a.apply(std::span<const double>(unit), line);
        unit[i] = 0;
    }
    return finished(spectral::singular_values(subject.backend(), std::span<const double>(matrix), order, std::max(rows, cols)), rows, cols);
}

}  // namespace

LayerEigenvalues::Value LayerEigenvalues::compute(Subject& subject, const Key& key) {
    const model::Model& model = subject.model();
    require_finite(model, model.weights.at(key.parameter), key.parameter);
    subject.context().check_stop();
    if (key.convention == "weightwatcher") return of_slices(subject, key.parameter);
    if (key.convention == "matrix") return of_matrix(subject, key.parameter);
    if (model.parameters.at(key.parameter).shape.size() == 2) return subject.get<LayerEigenvalues>({"matrix", key.parameter});
    return key.convention == "circular" ? of_circular(subject, key.parameter) : of_operator(subject, key.parameter);
}

}  // namespace assay::measures::ingredients
