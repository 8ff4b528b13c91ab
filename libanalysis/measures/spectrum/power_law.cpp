// Exponents of the tails of the layers' eigenvalues, and how they were found.

#include "libanalysis/measures/eigenvalue_sums.hpp"
#include "libanalysis/measures/ingredients/power_law.hpp"
#include "libanalysis/measures/layer_means.hpp"

namespace assay::measures {
namespace {

using ingredients::LayerEigenvalues;
using ingredients::PowerLaw;

/// `number`: (fit, eigenvalues) -> LayerNumber.
template <class F>
std::vector<Value> of_fits(Subject& subject, F number) {
    return in_conventions({"weightwatcher", "matrix"}, [&](const std::string& convention) {
        return with_layer_mean(subject, convention, [&](const WeightMatrix& matrix) -> LayerNumber {
            const auto& fit = subject.get<PowerLaw>({convention, matrix.parameter});
            return number(fit, subject.get<LayerEigenvalues>({convention, matrix.parameter}));
        });
    });
}

std::vector<Value> exponent(Subject& subject, const Parameters&) {
    return of_fits(subject, [](const auto& fit, const auto&) { return LayerNumber{fit.alpha, fit.standard_error}; });
}

std::vector<Value> weighted(Subject& subject, const Parameters&) {
    return of_fits(subject, [](const auto& fit, const auto& eigenvalues) {
        const double log_norm = std::log10(eigenvalues.largest());
        return LayerNumber{fit.alpha * log_norm, fit.standard_error * std::abs(log_norm)};
    });
}

std::vector<Value> alpha_norm(Subject& subject, const Parameters&) {
    return of_fits(subject, [](const auto& fit, const auto& eigenvalues) { return LayerNumber{log_alpha_norm_of(eigenvalues.ascending, fit.alpha)}; });
}

std::vector<Value> lowest(Subject& subject, const Parameters&) {
    return of_fits(subject, [](const auto& fit, const auto&) { return LayerNumber{fit.xmin}; });
}
std::vector<Value> distance(Subject& subject, const Parameters&) {
    return of_fits(subject, [](const auto& fit, const auto&) { return LayerNumber{fit.distance}; });
}
std::vector<Value> tail(Subject& subject, const Parameters&) {
    return of_fits(subject, [](const auto& fit, const auto&) { return LayerNumber{static_cast<double>(fit.tail)}; });
}

constexpr std::string_view conventions = "weightwatcher,matrix";
constexpr std::string_view used = "layer_eigenvalues,layer_spectrum,power_law";

}  // namespace

extern const Measure alpha{
    .name = "alpha",
    .formula = R"(p(\lambda) \sim \lambda^{-\alpha}, \; \lambda \ge \lambda_{\min}; \quad \alpha = 1 + n / \sum_i \ln(\lambda_i / \lambda_{\min}))",
    .source = "martin2021predicting",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = used,
    .doc = "Exponent of a power law fitted to the upper tail of the layer's eigenvalues (squared singular values), from the eigenvalue on whose tail "
           "is nearest to its fit; the whole model's is the mean over the layers that have one. The standard error is the fit's at that eigenvalue, "
           "(alpha - 1) / sqrt(n): without that of the search, and a small one does not say that there is a power law (pure noise has an alpha too). "
           "weightwatcher: as WeightWatcher 0.7.7 computes it, convolutions cut into height x width matrices whose eigenvalues are halved and put "
           "together, layers of fewer than 10 eigenvalues left out, values up to 1e-5 dropped; a fit that fails has no value, where WeightWatcher "
           "puts -1 and averages it. matrix: the kernel as one matrix, eigenvalues down to 1e-12 of the largest, tails of at least 10.",
    .compute = exponent,
};

extern const Measure alpha_weighted{
    .name = "alpha_weighted",
    .formula = R"(\hat\alpha = \alpha \log_{10} \lambda_1)",
    .source = "martin2021predicting",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = used,
    .doc = "The exponent times the logarithm of the largest eigenvalue (alpha-hat), by layer, and the mean; conventions as in alpha.",
    .compute = weighted,
};

extern const Measure log_alpha_norm{
    .name = "log_alpha_norm",
    .formula = R"(\log_{10} \sum_i \lambda_i^\alpha)",
    .source = "martin2021predicting",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = used,
    .doc = "Logarithm of the Schatten norm of the layer's own exponent, by layer, and the mean; conventions as in alpha.",
    .compute = alpha_norm,
};

extern const Measure power_law_xmin{
    .name = "power_law_xmin",
    .formula = R"(\lambda_{\min})",
    .source = "clauset2009power",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = conventions,
    .ingredients = used,
    .doc = "The eigenvalue from which on alpha is fitted, by layer, and the mean; conventions as in alpha.",
    .compute = lowest,
};

extern const Measure power_law_distance{
    .name = "power_law_distance",
    .formula = R"(D = \max_{\lambda \ge \lambda_{\min}} |F_n(\lambda) - F_\alpha(\lambda)|)",
    .source = "clauset2009power",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = conventions,
    .ingredients = used,
    .doc = "Kolmogorov's distance between the tail and its power law, by layer, and the mean. weightwatcher: the empirical distribution at the upper "
           "ends of its steps is not looked at.",
    .compute = distance,
};

extern const Measure power_law_tail{
    .name = "power_law_tail",
    .formula = R"(n = |\{i : \lambda_i \ge \lambda_{\min}\}|)",
    .source = "clauset2009power",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = conventions,
    .ingredients = used,
    .doc = "How many eigenvalues alpha is fitted to, by layer, and the mean; conventions as in alpha.",
    .compute = tail,
};

}  // namespace assay::measures
