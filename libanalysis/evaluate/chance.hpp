#pragma once
// What scores look like when nothing predicts anything: the target is permuted among the models.

#include "libanalysis/evaluate/bootstrap.hpp"

namespace assay::evaluate {

/// Under permutations of the target. A measure has to beat `largest` to say that it is better than luck, since the best of many is
/// looked at (Westfall & Young 1993: the maximum over all measures under one common permutation).
struct Chance {
    double center = missing;    ///< of one score, pooled over the measures; 0 for signed scores
    double spread = missing;    ///< its standard deviation
    double single = missing;    ///< what one measure beats in 5 % of the cases (a magnitude for signed scores)
    double largest = missing;   ///< what the best of all `tried` measures beats in 5 % of the cases
    double reversed = missing;  ///< of a mirrored protocol: what the worst of all `tried` falls short of in 5 % of the cases
    std::size_t tried = 0;
    std::size_t permutations = 0;
};

Chance chance(const Protocol& protocol, std::span<const Column> measures, std::span<const double> target,
              const Design& design, const Settings& settings, std::size_t permutations, Seed seed, int threads = 1);

}  // namespace assay::evaluate
