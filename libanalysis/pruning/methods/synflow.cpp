// R = 1^T prod |W| 1: the score of a weight is |w| dR/d|w|, its share of all paths. In rounds, with the scores of what is left:
// after round k of 100 the share s^(k / 100) is left for a final share s, so that no layer goes before the others do.

#include "libanalysis/core/error.hpp"
#include "libanalysis/pruning/method.hpp"
#include "libanalysis/pruning/path_network.hpp"

#include <cmath>

namespace assay::pruning::kinds {
namespace {

constexpr int rounds = 100;

/// `first`: of the whole network, which has an order only where something flows. With fewer weights left than layers nothing does.
Scores scores_of(const PathNetwork& network, const Scores& magnitude, bool first) {
    PathNetwork::Flow flow = network.flow(magnitude);
    if (first && flow.total == 0) throw Error(ErrorKind::data, {"synflow", "a path of non-zero weights from an input to an output", "none", "There is no order among the weights."});
    for (std::size_t i = 0; i < magnitude.size(); ++i)
        for (std::size_t k = 0; k < magnitude[i].size(); ++k) flow.slopes[i][k] *= magnitude[i][k];
    return std::move(flow.slopes);
}

Scores scores(const Problem& problem) {
    return scores_of(PathNetwork(problem.model, problem.weights, *problem.backend, problem.input_shapes, PathNetwork::Kind::sums), magnitudes(problem.model, problem.weights), true);
}

Masks mask(const Problem& problem) {
    const PathNetwork network(problem.model, problem.weights, *problem.backend, problem.input_shapes, PathNetwork::Kind::sums);
    Scores magnitude = magnitudes(problem.model, problem.weights);
    Masks masks;
    for (int round = 1; round <= rounds; ++round) {
        problem.context.check_stop();
        Scores current = scores_of(network, magnitude, round == 1);
        for (std::size_t i = 0; i < masks.size(); ++i)
            for (std::size_t k = 0; k < masks[i].size(); ++k)
                if (masks[i][k] == 0) current[i][k] = -1;   // what is pruned stays pruned, before weights on no path
        // 1 - sparsity is what may not be exact: the last round takes the sparsity itself.
        const double sparsity = round == rounds ? problem.sparsity : 1 - std::pow(1 - problem.sparsity, static_cast<double>(round) / rounds);
        masks = keep_highest(current, sparsity);
        for (std::size_t i = 0; i < masks.size(); ++i)
            for (std::size_t k = 0; k < masks[i].size(); ++k)
                if (masks[i][k] == 0) magnitude[i][k] = 0;
        if (problem.context.on_progress) problem.context.on_progress(static_cast<double>(round) / rounds);
    }
    return masks;
}

}  // namespace

extern const Method synflow{
    .name = "synflow",
    .words = "the weights with the smallest share of all paths go, in 100 rounds, without data",
    .source = "tanaka2020pruning",
    .convention = "score |w| dR/d|w|, R = 1^T prod |W| 1 in double on an input of ones, without biases, offsets and moving means, linear activations, max pooling "
                  "kept, BatchNormalization as the scale |gamma| / sqrt(variance + epsilon); 100 rounds on an exponential schedule; global",
    .needs_architecture = true,
    .scores = scores,
    .mask = mask,
};

}  // namespace assay::pruning::kinds
