#include "libanalysis/pruning/method.hpp"

namespace assay::pruning::kinds {
namespace {

Scores scores(const Problem& problem) { return magnitudes(problem.model, problem.weights); }
Masks mask(const Problem& problem) { return keep_highest(scores(problem), problem.sparsity); }

}  // namespace

extern const Method magnitude_global{
    .name = "magnitude_global",
    .words = "the smallest |w| of the whole network go",
    .source = "han2015learning",
    .convention = "score |w|; one threshold for all weight matrices; floor(sparsity n) weights go, of equal ones the first in model order",
    .scores = scores,
    .mask = mask,
};

}  // namespace assay::pruning::kinds
