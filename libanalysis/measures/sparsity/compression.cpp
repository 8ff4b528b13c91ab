// What sparsity saves: numbers to store, and multiply-adds of a program that skips zeros.

#include "libanalysis/measures/sparsity/magnitude_mask.hpp"
#include "libanalysis/measures/subject.hpp"

#include <map>

namespace assay::measures {
namespace {

std::vector<Value> ratio(Subject& subject, const Parameters& parameters) {
    const model::Model& model = subject.model();
    const model::Weights weights = masked_by_magnitude(model, fraction(parameters, "sparsity"));
    double all = 0, left = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (!model.parameters[i].trainable) continue;
        std::visit([&](const auto& values) {
            all += static_cast<double>(values.size());
            for (const auto value : values) left += value != 0;
        }, weights[i].values);
    }
    return {whole(all / left, {}, "no parameter is left")};
}

std::vector<Value> speedup(Subject& subject, const Parameters& parameters) {
    const model::Model& model = subject.model();
    const pruning::Masks masks = magnitude_mask(model, model.weights, fraction(parameters, "sparsity"));
    const engine::Network& network = subject.network();
    std::map<std::string, const model::Node*> nodes;
    for (std::size_t vertex = 0; vertex < boost::num_vertices(model.architecture->graph); ++vertex)
        nodes[model.architecture->graph[vertex].name] = &model.architecture->graph[vertex];
    double dense = 0, left = 0;
    for (std::size_t i = 0; i < network.node_names().size(); ++i) {
        const double madds = network.node_madds(i);
        if (madds == 0) continue;
        double entries = 0, kept = 0;   // a layer uses all its weights equally often
        for (const std::size_t parameter : nodes.at(network.node_names()[i])->parameters) {
            entries += static_cast<double>(masks[parameter].size());
            kept += static_cast<double>(pruning::kept(masks[parameter]));
        }
        dense += madds;
        left += entries > 0 ? madds * kept / entries : madds;
    }
    return {whole(dense / left, {}, "no multiply-adds are left")};
}

}  // namespace

extern const Measure compression_ratio{
    .name = "compression_ratio",
    .formula = R"(|w| / |\{i : (w \odot M_s)_i \ne 0\}|)",
    .source = "blalock2020state",
    .needs = Need::weights,
    .direction = Direction::none,
    .parameters = "sparsity=0|0.9",
    .doc = "Trainable parameters, biases and normalisation parameters included, over those that are not zero after the given share of all weights, those of "
           "smallest magnitude in the whole network, is set to zero; sparsity 0: as they are.",
    .compute = ratio,
};

extern const Measure theoretical_speedup{
    .name = "theoretical_speedup",
    .formula = R"(\sum_l c_l / \sum_l c_l \rho_l)",
    .source = "blalock2020state",
    .needs = Need::weights | Need::architecture,
    .direction = Direction::none,
    .parameters = "sparsity=0|0.9",
    .doc = "Multiply-adds of a forward pass over those with weights that are not zero: c_l those of layer l, rho_l the share of its weights that is left. "
           "sparsity as in compression_ratio.",
    .compute = speedup,
};

}  // namespace assay::measures
