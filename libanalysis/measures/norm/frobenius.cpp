// Frobenius norms: by layer, summed, and of all parameters.

#include "libanalysis/measures/norms.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>

namespace assay::measures {
namespace {

std::vector<Value> norms(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    double sum = 0;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const double squared = frobenius_squared_of(subject, matrix);
        values.push_back(of_layer(matrix.label, std::sqrt(squared)));
        sum += squared;
    }
    values.push_back(whole(std::sqrt(sum)));
    return values;
}

std::vector<Value> squared_sum_of_matrices(Subject& subject, const Parameters&) {
    double sum = 0;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) sum += frobenius_squared_of(subject, matrix);
    return {whole(sum)};
}

std::vector<Value> squared_sum_of_all(Subject& subject, const Parameters&) {
    const model::Model& model = subject.model();
    double sum = 0;
    for (std::size_t i = 0; i < model.parameters.size(); ++i) {
        if (!model.parameters[i].trainable) continue;
        require_finite(model, model.weights[i], i);
        sum += squared_sum(model.weights[i]);
    }
    return {whole(sum)};
}

}  // namespace

extern const Measure frobenius_norm{
    .name = "frobenius_norm",
    .formula = R"(\|W_l\|_F, \quad (\sum_l \|W_l\|_F^2)^{1/2})",
    .source = "neyshabur2018pac",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "Frobenius norm of each weight matrix, and of all of them together.",
    .compute = norms,
};

extern const Measure param_norm{
    .name = "param_norm",
    .formula = R"(\sum_l \|W_l\|_F^2)",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "Sum of squared weights, without biases. Weights are taken as stored: BatchNormalization is not folded. Without size adjustment.",
    .compute = squared_sum_of_matrices,
};

extern const Measure l2{
    .name = "l2",
    .formula = R"(\|w\|_2^2)",
    .source = "dziugaite2020robust",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "Sum of squares of all trainable parameters, biases and normalisation parameters included. Squared, and without size adjustment.",
    .compute = squared_sum_of_all,
};

}  // namespace assay::measures
