// Norms, entropies and ranks of the layers' eigenvalues.

#include "libanalysis/measures/eigenvalue_sums.hpp"
#include "libanalysis/measures/layer_means.hpp"

namespace assay::measures {
namespace {

using ingredients::LayerEigenvalues;

/// `number`: (eigenvalues, convention) -> double.
template <class F>
std::vector<Value> of_eigenvalues(Subject& subject, F number) {
    return in_conventions({"weightwatcher", "matrix"}, [&](const std::string& convention) {
        return with_layer_mean(subject, convention, [&](const WeightMatrix& matrix) {
            return number(subject.get<LayerEigenvalues>({convention, matrix.parameter}), convention);
        });
    });
}

std::vector<Value> frobenius(Subject& subject, const Parameters&) {
    return of_eigenvalues(subject, [](const auto& eigenvalues, const auto&) { return std::log10(positive_sum(eigenvalues.ascending)); });
}

std::vector<Value> spectral(Subject& subject, const Parameters&) {
    return of_eigenvalues(subject, [](const auto& eigenvalues, const auto&) {
        positive_sum(eigenvalues.ascending);   // refuses zeros
        return std::log10(eigenvalues.largest());
    });
}

std::vector<Value> entropy(Subject& subject, const Parameters&) {
    return of_eigenvalues(subject, [](const auto& eigenvalues, const std::string& convention) {
        return spectral_entropy_of(eigenvalues, convention == "weightwatcher" ? 1e-10 : 0);
    });
}

std::vector<Value> rank(Subject& subject, const Parameters&) {
    return of_eigenvalues(subject, [](const auto& eigenvalues, const auto&) { return static_cast<double>(eigenvalues.rank); });
}

constexpr std::string_view conventions = "weightwatcher,matrix";
constexpr std::string_view used = "layer_eigenvalues,layer_spectrum";

}  // namespace

extern const Measure log_norm{
    .name = "log_norm",
    .formula = R"(\log_{10} \|W_l\|_F^2)",
    .source = "martin2021predicting",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = used,
    .doc = "Logarithm of the sum of the layer's eigenvalues, and the mean over layers; conventions as in alpha.",
    .compute = frobenius,
};

extern const Measure log_spectral_norm{
    .name = "log_spectral_norm",
    .formula = R"(\log_{10} \|W_l\|_2^2)",
    .source = "martin2021predicting",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = used,
    .doc = "Logarithm of the layer's largest eigenvalue, the squared spectral norm, and the mean over layers; conventions as in alpha.",
    .compute = spectral,
};

extern const Measure spectral_entropy{
    .name = "spectral_entropy",
    .formula = R"(-\sum_i p_i \ln p_i / \ln \operatorname{rank} W, \quad p_i = \lambda_i / \sum_j \lambda_j)",
    .source = "martin2021predicting",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = conventions,
    .ingredients = used,
    .doc = "Entropy of the layer's eigenvalues over the logarithm of their number, 1 where all are equal, and the mean over layers. weightwatcher: "
           "every p has 1e-10 added, as on machines without CUDA.",
    .compute = entropy,
};

extern const Measure matrix_rank{
    .name = "matrix_rank",
    .formula = R"(|\{i : \sigma_i > \sigma_1 N \epsilon\}|)",
    .source = "martin2021predicting",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = conventions,
    .ingredients = used,
    .doc = "Number of singular values above the largest times the longer side times 2.2e-16, by layer, and the mean; conventions as in alpha.",
    .compute = rank,
};

}  // namespace assay::measures
