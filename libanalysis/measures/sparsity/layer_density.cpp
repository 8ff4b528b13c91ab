// What is left of every layer.

#include "libanalysis/measures/sparsity/magnitude_mask.hpp"
#include "libanalysis/measures/subject.hpp"

#include <algorithm>

namespace assay::measures {
namespace {

std::vector<std::pair<std::string, double>> densities(Subject& subject, const Parameters& parameters) {
    const model::Model& model = subject.model();
    const pruning::Masks masks = magnitude_mask(model, model.weights, fraction(parameters, "sparsity"));
    std::vector<std::pair<std::string, double>> result;
    for (const WeightMatrix& matrix : weight_matrices(model)) {
        const auto& mask = masks[matrix.parameter];
        result.emplace_back(matrix.label, static_cast<double>(pruning::kept(mask)) / static_cast<double>(mask.size()));
    }
    return result;
}

std::vector<Value> smallest(Subject& subject, const Parameters& parameters) {
    std::vector<Value> values;
    double least = 1;
    for (const auto& [label, density] : densities(subject, parameters)) {
        values.push_back(of_layer(label, density, {}, "the layer has no weights"));
        least = std::min(least, density);
    }
    values.push_back(whole(least));
    return values;
}

std::vector<Value> collapse(Subject& subject, const Parameters& parameters) {
    const auto layers = densities(subject, parameters);
    return {whole(std::any_of(layers.begin(), layers.end(), [](const auto& layer) { return layer.second == 0; }) ? 1 : 0)};
}

}  // namespace

extern const Measure smallest_layer_density{
    .name = "smallest_layer_density",
    .formula = R"(\min_l |\{i : (W_l \odot M_s)_i \ne 0\}| / |W_l|)",
    .source = "tanaka2020pruning",
    .needs = Need::weights,
    .direction = Direction::none,
    .parameters = "sparsity=0|0.95",
    .doc = "Smallest share of non-zero weights that a weight matrix has left, and each one's own, after the given share of all weights, those of smallest "
           "magnitude in the whole network, is set to zero. sparsity 0: the weights as they are, for files that were pruned.",
    .compute = smallest,
};

extern const Measure layer_collapse{
    .name = "layer_collapse",
    .formula = R"(\mathbf 1[\exists l : W_l \odot M_s = 0])",
    .source = "tanaka2020pruning",
    .needs = Need::weights,
    .direction = Direction::none,
    .parameters = "sparsity=0|0.95",
    .doc = "1 where a weight matrix has no weight left, else 0; sparsity as in smallest_layer_density.",
    .compute = collapse,
};

}  // namespace assay::measures
