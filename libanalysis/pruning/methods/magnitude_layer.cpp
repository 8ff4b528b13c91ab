#include "libanalysis/pruning/method.hpp"

namespace assay::pruning::kinds {
namespace {

Scores scores(const Problem& problem) { return magnitudes(problem.model, problem.weights); }
Masks mask(const Problem& problem) { return keep_highest_in_each(scores(problem), problem.sparsity); }

}  // namespace

extern const Method magnitude_layer{
    .name = "magnitude_layer",
    .words = "the smallest |w| of every weight matrix by itself go",
    .source = "frankle2019lottery",
    .convention = "score |w|; floor(sparsity n) weights of every weight matrix go, the last layer's share included, of equal ones the first in model order",
    .scores = scores,
    .mask = mask,
};

}  // namespace assay::pruning::kinds
