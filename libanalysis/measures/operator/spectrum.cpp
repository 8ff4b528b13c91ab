// The spectra of layers as the operators that they apply.

#include "libanalysis/measures/eigenvalue_sums.hpp"
#include "libanalysis/measures/ingredients/power_law.hpp"
#include "libanalysis/measures/layer_means.hpp"

namespace assay::measures {
namespace {

using ingredients::LayerEigenvalues;
using ingredients::PowerLaw;

template <class F>
std::vector<Value> of_operators(Subject& subject, F number) {
    return in_conventions({"exact", "circular"}, [&](const std::string& convention) {
        return with_layer_mean(subject, convention, [&](const WeightMatrix& matrix) -> LayerNumber {
            return number(LayerEigenvalues::Key{convention, matrix.parameter});
        });
    });
}

std::vector<Value> exponent(Subject& subject, const Parameters&) {
    return of_operators(subject, [&](const auto& key) {
        const auto& fit = subject.get<PowerLaw>(key);
        return LayerNumber{fit.alpha, fit.standard_error};
    });
}

std::vector<Value> weighted(Subject& subject, const Parameters&) {
    return of_operators(subject, [&](const auto& key) {
        const auto& fit = subject.get<PowerLaw>(key);
        const double log_norm = std::log10(subject.get<LayerEigenvalues>(key).largest());
        return LayerNumber{fit.alpha * log_norm, fit.standard_error * std::abs(log_norm)};
    });
}

std::vector<Value> alpha_norm(Subject& subject, const Parameters&) {
    return of_operators(subject, [&](const auto& key) {
        return LayerNumber{log_alpha_norm_of(subject.get<LayerEigenvalues>(key).ascending, subject.get<PowerLaw>(key).alpha)};
    });
}

std::vector<Value> entropy(Subject& subject, const Parameters&) {
    return of_operators(subject, [&](const auto& key) { return LayerNumber{spectral_entropy_of(subject.get<LayerEigenvalues>(key), 0)}; });
}

std::vector<Value> stable(Subject& subject, const Parameters&) {
    return of_operators(subject, [&](const auto& key) { return LayerNumber{stable_rank_of(subject.get<LayerEigenvalues>(key).ascending)}; });
}

constexpr std::string_view conventions = "exact,circular";
constexpr std::string_view eigenvalues = "layer_eigenvalues,layer_geometry,layer_spectrum";
constexpr std::string_view fits = "layer_eigenvalues,layer_geometry,layer_spectrum,power_law";
constexpr std::string_view price = "all singular values of every convolution as an operator";

}  // namespace

extern const Measure operator_alpha{
    .name = "operator_alpha",
    .formula = R"(p(\lambda) \sim \lambda^{-\alpha}, \; \lambda \ge \lambda_{\min})",
    .source = "sedghi2019singular",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = fits,
    .cost = price,
    .doc = "alpha of the layer as an operator on its input, fitted as in alpha's convention matrix; the mean over layers. exact: a convolution as the "
           "layer applies it, with stride, dilation, groups and zero padding, up to 2048 singular values; circular: with periodic borders at the layer's "
           "own input size, stride ignored. Both are the matrix for dense layers.",
    .compute = exponent,
};

extern const Measure operator_alpha_weighted{
    .name = "operator_alpha_weighted",
    .formula = R"(\alpha \log_{10} \lambda_1)",
    .source = "sedghi2019singular",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = fits,
    .cost = price,
    .doc = "alpha_weighted of the layer as an operator; conventions as in operator_alpha.",
    .compute = weighted,
};

extern const Measure operator_log_alpha_norm{
    .name = "operator_log_alpha_norm",
    .formula = R"(\log_{10} \sum_i \lambda_i^\alpha)",
    .source = "sedghi2019singular",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = fits,
    .cost = price,
    .doc = "log_alpha_norm of the layer as an operator; conventions as in operator_alpha.",
    .compute = alpha_norm,
};

extern const Measure operator_entropy{
    .name = "operator_entropy",
    .formula = R"(-\sum_i p_i \ln p_i / \ln \operatorname{rank} A)",
    .source = "sedghi2019singular",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = conventions,
    .ingredients = eigenvalues,
    .cost = price,
    .doc = "spectral_entropy of the layer as an operator; conventions as in operator_alpha.",
    .compute = entropy,
};

extern const Measure operator_stable_rank{
    .name = "operator_stable_rank",
    .formula = R"(\|A_l\|_F^2 / \|A_l\|_2^2)",
    .source = "sedghi2019singular",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = eigenvalues,
    .cost = price,
    .doc = "Stable rank of the layer as an operator; conventions as in operator_alpha.",
    .compute = stable,
};

}  // namespace assay::measures
