// What removing a weight does to the gradient's norm, to first order: with H g of the weights that may be pruned, -2 w (H g).
// The paper removes the largest -w (H g), so w (H g) is what makes a weight worth keeping; it has a sign.

#include "libanalysis/pruning/loss_scores.hpp"

namespace assay::pruning::kinds {
namespace {

constexpr double temperature = 200;   // of the authors' code

Scores scores(const Problem& problem) {
    const PrunableLoss loss(problem, temperature);
    Scores scores = loss.hessian_product(loss.gradient());
    for (const std::size_t i : prunable(problem.model)) {
        const std::vector<double> w = problem.weights[i].to_double();
        for (std::size_t k = 0; k < w.size(); ++k) scores[i][k] *= w[k];
    }
    return scores;
}
Masks mask(const Problem& problem) { return keep_highest(scores(problem), problem.sparsity); }

}  // namespace

extern const Method grasp{
    .name = "grasp",
    .words = "the smallest w (H g) of the whole network go",
    .source = "wang2020picking",
    .convention = "score w (H g) with its sign, g and H of the mean loss of (logits / 200) over the rows, of the prunable weights alone, without a regulariser, "
                  "BatchNormalization at inference; global; one shot",
    .needs_data = true,
    .needs_architecture = true,
    .scores = scores,
    .mask = mask,
};

}  // namespace assay::pruning::kinds
