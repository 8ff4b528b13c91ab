#include "libanalysis/pruning/mask.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace assay::pruning {
namespace {

/// Prunes the `pruned` lowest of these arrays together.
void prune_lowest(const Scores& scores, std::span<const std::size_t> arrays, std::size_t pruned, Masks& masks) {
    for (const std::size_t i : arrays) masks[i].assign(scores[i].size(), 1);
    if (pruned == 0) return;
    std::vector<double> all;
    for (const std::size_t i : arrays) all.insert(all.end(), scores[i].begin(), scores[i].end());
    const auto last = all.begin() + static_cast<std::ptrdiff_t>(pruned - 1);
    std::nth_element(all.begin(), last, all.end());
    const double threshold = *last;
    std::size_t at_threshold = pruned - static_cast<std::size_t>(std::count_if(all.begin(), last, [&](double score) { return score < threshold; }));
    for (const std::size_t i : arrays)
        for (std::size_t k = 0; k < scores[i].size(); ++k) {
            const double score = scores[i][k];
            if (score < threshold || (score == threshold && at_threshold > 0 && at_threshold--)) masks[i][k] = 0;
        }
}

void require_numbers(const Scores& scores) {
    for (const std::vector<double>& array : scores)
        for (const double score : array)
            if (std::isnan(score)) throw Error(ErrorKind::data, {"scores of weights", "numbers", "NaN", "The network's outputs or its gradient are not finite."});
}

}  // namespace

std::vector<std::size_t> prunable(const model::Model& model) {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < model.parameters.size(); ++i)
        if (model::is_weight_matrix(model.parameters[i])) indices.push_back(i);
    if (indices.empty()) throw Error(ErrorKind::missing, {"weights", "a layer with a weight matrix", "none"});
    return indices;
}

std::size_t pruned_count(double sparsity, std::size_t count) {
    return std::min(count, static_cast<std::size_t>(std::floor(sparsity * static_cast<double>(count) * (1 + 1e-12))));
}

Masks keep_highest(const Scores& scores, double sparsity) {
    require_numbers(scores);
    std::vector<std::size_t> arrays;
    std::size_t count = 0;
    for (std::size_t i = 0; i < scores.size(); ++i)
        if (!scores[i].empty()) arrays.push_back(i), count += scores[i].size();
    Masks masks(scores.size());
    prune_lowest(scores, arrays, pruned_count(sparsity, count), masks);
    return masks;
}

Masks keep_highest_in_each(const Scores& scores, double sparsity) {
    require_numbers(scores);
    Masks masks(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i)
        if (!scores[i].empty()) prune_lowest(scores, std::span(&i, 1), pruned_count(sparsity, scores[i].size()), masks);
    return masks;
}

Scores magnitudes(const model::Model& model, const model::Weights& weights) {
    Scores scores(weights.size());
    for (const std::size_t i : prunable(model)) {
        scores[i] = weights.at(i).to_double();
        for (double& value : scores[i]) {
            value = std::abs(value);
            if (!std::isfinite(value))
                throw Error(ErrorKind::data, {"layer " + model.parameters[i].layer, "finite weights", "NaN or infinity in " + model.parameters[i].name});
        }
    }
    return scores;
}

Masks nonzero(const model::Model& model, const model::Weights& weights) {
    Masks masks(weights.size());
    for (const std::size_t i : prunable(model))
        std::visit([&](const auto& values) {
            masks[i].resize(values.size());
            std::transform(values.begin(), values.end(), masks[i].begin(), [](auto value) { return static_cast<std::uint8_t>(value != 0); });
        }, weights.at(i).values);
    return masks;
}

model::Weights masked(model::Weights weights, const Masks& masks) {
    for (std::size_t i = 0; i < masks.size(); ++i)
        std::visit([&](auto& values) {
            for (std::size_t k = 0; k < masks[i].size(); ++k)
                if (masks[i][k] == 0) values.at(k) = 0;
        }, weights.at(i).values);
    return weights;
}

std::size_t kept(std::span<const std::uint8_t> mask) { return static_cast<std::size_t>(std::count(mask.begin(), mask.end(), std::uint8_t{1})); }

}  // namespace assay::pruning
