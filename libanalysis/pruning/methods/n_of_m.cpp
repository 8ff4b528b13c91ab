// Structured sparsity that hardware computes with: of every m weights that follow one another along the inputs of a unit, at most
// n are kept.

#include "libanalysis/core/error.hpp"
#include "libanalysis/pruning/groups.hpp"
#include "libanalysis/pruning/method.hpp"

namespace assay::pruning::kinds {
namespace {

Scores scores(const Problem& problem) { return magnitudes(problem.model, problem.weights); }
Masks mask(const Problem& problem) { return keep_in_groups(problem.model, scores(problem), problem.keep, problem.group); }

}  // namespace

extern const Method n_of_m{
    .name = "n_of_m",
    .words = "of every m weights along the inputs of a unit the n largest |w| stay (2 of 4)",
    .source = "mishra2021accelerating",
    .convention = "score |w|; groups of consecutive inputs of one output, a convolution's in the order height, width, input channel; a shorter last group keeps "
                  "as many; of equal weights the first goes; kernels and recurrent kernels, no embeddings",
    .takes_sparsity = false,
    .scores = scores,
    .mask = mask,
};

}  // namespace assay::pruning::kinds
