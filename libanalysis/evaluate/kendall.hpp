#pragma once
// Kendall's rank correlation, in n log n.

#include <cstdint>
#include <span>

namespace assay::evaluate {

/// Counts of pairs, all unordered.
struct PairCounts {
    std::int64_t pairs = 0;          ///< n (n - 1) / 2
    std::int64_t tied_x = 0;         ///< pairs with equal x
    std::int64_t tied_y = 0;
    std::int64_t tied_both = 0;
    std::int64_t difference = 0;     ///< concordant minus discordant pairs
};

/// x, y of one length, without NaN. Knight 1966: sort by (x, y), then count exchanges of a merge sort by y.
PairCounts count_pairs(std::span<const double> x, std::span<const double> y);

/// (C - D) / sqrt((n0 - n1)(n0 - n2)): ties leave the denominators (Kendall 1945). NaN when x or y is constant or n < 2.
double kendall_tau_b(std::span<const double> x, std::span<const double> y);

/// (C - D) / n0: a tie counts as half right (Jiang et al. 2020, eq. 2: sign 0 = 0). NaN when n < 2.
double kendall_tau_a(std::span<const double> x, std::span<const double> y);

}  // namespace assay::evaluate
