// How far weights are from the 2:4 sparsity that hardware computes with.

#include "libanalysis/measures/subject.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/pruning/groups.hpp"

namespace assay::measures {
namespace {

constexpr std::int64_t keep = 2, group = 4;

std::vector<Value> compliance(Subject& subject, const Parameters&) {
    const model::Model& model = subject.model();
    const pruning::Masks nonzero = pruning::nonzero(model, model.weights);
    std::vector<Value> values;
    double all = 0, all_good = 0;
    for (const WeightMatrix& matrix : weight_matrices(model)) {
        if (!pruning::has_groups(model.parameters[matrix.parameter])) continue;
        double groups = 0, good = 0;
        pruning::for_each_group(nonzero[matrix.parameter].size(), matrix.cols, group, [&](std::span<const std::size_t> indices) {
            std::int64_t count = 0;
            for (const std::size_t index : indices) count += nonzero[matrix.parameter][index];
            good += count <= keep;
            ++groups;
        });
        values.push_back(of_layer(matrix.label, good / groups, {}, "the layer has no weights"));
        all += groups;
        all_good += good;
    }
    values.push_back(whole(all_good / all, {}, "no layer has inputs along which to form groups"));
    return values;
}

std::vector<Value> magnitude_kept(Subject& subject, const Parameters&) {
    const model::Model& model = subject.model();
    const pruning::Scores magnitude = pruning::magnitudes(model, model.weights);
    const pruning::Masks masks = pruning::keep_in_groups(model, magnitude, keep, group);
    std::vector<Value> values;
    double all = 0, all_left = 0;
    for (const WeightMatrix& matrix : weight_matrices(model)) {
        const auto& mask = masks[matrix.parameter];
        double sum = 0, left = 0;
        for (std::size_t k = 0; k < mask.size(); ++k) {
            sum += magnitude[matrix.parameter][k];
            left += mask[k] * magnitude[matrix.parameter][k];
        }
        if (mask.empty()) continue;
        values.push_back(of_layer(matrix.label, left / sum, {}, "all weights are zero"));
        all += sum;
        all_left += left;
    }
    values.push_back(whole(all_left / all, {}, "no weight that is not zero has inputs along which to form groups"));
    return values;
}

}  // namespace

extern const Measure two_of_four_compliance{
    .name = "two_of_four_compliance",
    .formula = R"(|\{G : |\{i \in G : w_i \ne 0\}| \le 2\}| / |\{G\}|)",
    .source = "mishra2021accelerating",
    .needs = Need::weights,
    .direction = Direction::none,
    .doc = "Share of the groups of 4 consecutive inputs of a unit (a convolution's in the order height, width, input channel; the last group may be shorter) that "
           "have at most 2 non-zero weights; also by layer. Embeddings have no such groups.",
    .compute = compliance,
};

extern const Measure two_of_four_magnitude{
    .name = "two_of_four_magnitude",
    .formula = R"(\|w \odot M_{2:4}\|_1 / \|w\|_1)",
    .source = "mishra2021accelerating",
    .needs = Need::weights,
    .direction = Direction::none,
    .doc = "Share of the magnitude that stays when the 2 largest weights of every group of 4 are kept, groups as in two_of_four_compliance; also by layer.",
    .compute = magnitude_kept,
};

}  // namespace assay::measures
