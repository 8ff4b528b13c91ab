#include "libanalysis/pruning/method.hpp"

namespace assay::pruning::kinds {
namespace {

// The same numbers for every sparsity, so that masks of one seed are nested.
Scores scores(const Problem& problem) {
    Scores scores(problem.weights.size());
    for (const std::size_t i : prunable(problem.model)) {
        const Seed seed = problem.seed.child("random mask").child(i);
        scores[i].resize(static_cast<std::size_t>(problem.weights.at(i).size()));
        for (std::size_t k = 0; k < scores[i].size(); ++k) scores[i][k] = seed.uniform(k);
    }
    return scores;
}
Masks mask(const Problem& problem) { return keep_highest(scores(problem), problem.sparsity); }

}  // namespace

extern const Method random{
    .name = "random",
    .words = "weights drawn at random from the whole network go",
    .source = "blalock2020state",
    .convention = "floor(sparsity n) weights of all weight matrices together, uniformly, by the seed; masks of one seed are nested",
    .scores = scores,
    .mask = mask,
};

}  // namespace assay::pruning::kinds
