// How far training went from the initial weights.

#include "libanalysis/measures/ingredients/layer_spectrum.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

namespace assay::measures {
namespace {

std::vector<Value> of_all_parameters(Subject& subject, const Parameters&) {
    const model::Model& model = subject.model();
    double sum = 0;
    for (std::size_t i = 0; i < model.parameters.size(); ++i) {
        if (!model.parameters[i].trainable) continue;
        require_finite(model, model.weights[i], i);
        sum += squared_distance(model.weights[i], subject.weights("init")->at(i));
    }
    return {whole(sum)};
}

std::vector<Value> of_matrices(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    double sum = 0;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const std::size_t i = matrix.parameter;
        require_finite(subject.model(), subject.model().weights[i], i);
        const double squared = squared_distance(subject.model().weights[i], subject.weights("init")->at(i));
        values.push_back(of_layer(matrix.label, squared));
        sum += squared;
    }
    values.push_back(whole(sum));
    return values;
}

std::vector<Value> spectral(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    double sum = 0;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const double norm = subject.get<ingredients::LayerSpectrum>({"change", matrix.parameter}).norm();
        values.push_back(of_layer(matrix.label, norm * norm));
        sum += norm * norm;
    }
    values.push_back(whole(sum));
    return values;
}

}  // namespace

extern const Measure l2_dist{
    .name = "l2_dist",
    .formula = R"(\|w - w^0\|_2^2)",
    .source = "dziugaite2020robust",
    .needs = Need::weights | Need::init,
    .direction = Direction::larger_gap,
    .doc = "Squared Euclidean distance of all trainable parameters, biases and normalisation parameters included, from their initial "
           "values. Squared, and without size adjustment.",
    .compute = of_all_parameters,
};

extern const Measure fro_dist{
    .name = "fro_dist",
    .formula = R"(\sum_l \|W_l - W_l^0\|_F^2)",
    .source = "nagarajan2019uniform",
    .needs = Need::weights | Need::init,
    .direction = Direction::larger_gap,
    .doc = "Squared Frobenius distance of the weight matrices from their initial values; also by layer.",
    .compute = of_matrices,
};

extern const Measure dist_spec_init{
    .name = "dist_spec_init",
    .formula = R"(\sum_l \|W_l - W_l^0\|_2^2)",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::init,
    .direction = Direction::larger_gap,
    .ingredients = "layer_spectrum",
    .doc = "Squared spectral distance of the weight matrices (kernels as matrices) from their initial values; also by layer.",
    .compute = spectral,
};

}  // namespace assay::measures
