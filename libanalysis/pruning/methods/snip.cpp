#include "libanalysis/pruning/loss_scores.hpp"

#include <cmath>

namespace assay::pruning::kinds {
namespace {

Scores scores(const Problem& problem) {
    Scores scores = PrunableLoss(problem).gradient();
    for (const std::size_t i : prunable(problem.model)) {
        const std::vector<double> w = problem.weights[i].to_double();
        for (std::size_t k = 0; k < w.size(); ++k) scores[i][k] = std::abs(scores[i][k] * w[k]);
    }
    return scores;
}
Masks mask(const Problem& problem) { return keep_highest(scores(problem), problem.sparsity); }

}  // namespace

extern const Method snip{
    .name = "snip",
    .words = "the smallest |dL/dw w| of the whole network go",
    .source = "lee2019snip",
    .convention = "score |g w|, g the gradient of the mean loss over the rows without a regulariser, BatchNormalization at inference; global; one shot",
    .needs_data = true,
    .needs_architecture = true,
    .scores = scores,
    .mask = mask,
};

}  // namespace assay::pruning::kinds
