#pragma once
// What scores look like when nothing predicts anything: the target is permuted among the models.

#include "libanalysis/evaluate/bootstrap.hpp"

namespace assay::evaluate {

/// Under permutations of the target. A measure has to beat `largest` to say that it is better than luck, since the best of many is
/// looked at (Westfall & Young 1993: the maximum over all measures under one common permutation).
struct Chance {
    double spread = missing;    ///< standard deviation of one score, pooled over the measures
    double single = missing;    ///< 95 % quantile of |score| of one measure
    double largest = missing;   ///< 95 % quantile of the largest |score| of all `tried` measures
    std::size_t tried = 0;
    std::size_t permutations = 0;
};

Chance chance(const Protocol& protocol, std::span<const Column> measures, std::span<const double> target,
              std::span<const Factor> config, std::size_t permutations, Seed seed);

}  // namespace assay::evaluate
