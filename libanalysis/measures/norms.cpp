#include "libanalysis/measures/norms.hpp"

#include "libanalysis/measures/ingredients/convolution_norm.hpp"
#include "libanalysis/measures/ingredients/layer_spectrum.hpp"

#include <algorithm>
#include <cmath>

namespace assay::measures {
namespace {

using ingredients::ConvolutionNorm;
using ingredients::LayerSpectrum;

double log_of_positive(double value, const WeightMatrix& matrix) {
    if (value <= 0) throw Error(ErrorKind::data, {"layer " + matrix.label, "a weight that is not zero", "zeros only: its logarithm is infinite"});
    return std::log(value);
}

}  // namespace

double spectral_norm_of(Subject& subject, const WeightMatrix& matrix, std::string_view convention) {
    if (convention == "matrix" || !matrix.convolution) return subject.get<LayerSpectrum>({"final", matrix.parameter}).norm();
    const auto kind = convention == "circular" ? ConvolutionNorm::Kind::circular : ConvolutionNorm::Kind::exact;
    return subject.get<ConvolutionNorm>({kind, matrix.parameter}).norm;
}

double frobenius_squared_of(Subject& subject, const WeightMatrix& matrix) {
    const model::Tensor& tensor = subject.model().weights.at(matrix.parameter);
    require_finite(subject.model(), tensor, matrix.parameter);
    return squared_sum(tensor);
}

LogSum log_product_of_spectral(Subject& subject, std::string_view convention) {
    LogSum result{0, 0};
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        result.sum += 2 * log_of_positive(spectral_norm_of(subject, matrix, convention), matrix);
        ++result.count;
    }
    return result;
}

LogSum log_product_of_frobenius(Subject& subject) {
    LogSum result{0, 0};
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        result.sum += log_of_positive(frobenius_squared_of(subject, matrix), matrix);
        ++result.count;
    }
    return result;
}

double sum_over_squared_spectral(Subject& subject, bool change) {
    double sum = 0;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const double norm = subject.get<LayerSpectrum>({"final", matrix.parameter}).norm();
        log_of_positive(norm, matrix);   // refuses a zero
        const double above = change ? squared_distance(subject.model().weights[matrix.parameter], subject.weights("init")->at(matrix.parameter))
                                    : frobenius_squared_of(subject, matrix);
        sum += above / (norm * norm);
    }
    return sum;
}

double log_of_sum(const LogSum& product) {
    const auto d = static_cast<double>(product.count);
    return std::log(d) + product.sum / d;
}

std::vector<double> change_of(Subject& subject, const WeightMatrix& matrix) {
    const model::Weights* init = subject.weights("init");
    if (!init) throw Error(ErrorKind::missing, {"weights", "initial weights", "none"});
    const model::Tensor& trained = subject.model().weights.at(matrix.parameter);
    require_finite(subject.model(), trained, matrix.parameter);
    require_finite(subject.model(), init->at(matrix.parameter), matrix.parameter);
    std::vector<double> change = trained.to_double();
    const std::vector<double> start = init->at(matrix.parameter).to_double();
    for (std::size_t i = 0; i < change.size(); ++i) change[i] -= start.at(i);
    return change;
}

namespace {

/// A norm that grows value by value.
class RunningNorm {
public:
    explicit RunningNorm(double p) : p_(p) {}
    void add(double x) { sum_ = std::isinf(p_) ? std::max(sum_, std::abs(x)) : sum_ + std::pow(std::abs(x), p_); }
    double value() const { return std::isinf(p_) ? sum_ : std::pow(sum_, 1 / p_); }

private:
    double p_, sum_ = 0;
};

}  // namespace

double mixed_norm(std::span<const double> values, std::size_t inputs, std::size_t units, double p, double q) {
    std::vector<RunningNorm> of_units(units, RunningNorm(p));
    for (std::size_t i = 0; i < inputs; ++i)
        for (std::size_t u = 0; u < units; ++u) of_units[u].add(values[i * units + u]);
    RunningNorm all(q);
    for (const RunningNorm& unit : of_units) all.add(unit.value());
    return all.value();
}

}  // namespace assay::measures
