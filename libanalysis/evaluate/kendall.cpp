#include "libanalysis/evaluate/kendall.hpp"

#include "libanalysis/evaluate/protocol.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace assay::evaluate {
namespace {

std::int64_t pairs_of(std::int64_t n) { return n * (n - 1) / 2; }

// Pairs inside runs of equal elements of a sorted sequence.
template <class Same>
std::int64_t tied_pairs(std::size_t n, const Same& same) {
    std::int64_t tied = 0, run = 1;
    for (std::size_t i = 1; i <= n; ++i) {
        if (i < n && same(i - 1, i)) {
            ++run;
        } else {
            tied += pairs_of(run);
            run = 1;
        }
    }
    return n == 0 ? 0 : tied;
}

// Sorts y and returns the number of exchanges: pairs (i < j) with y[i] > y[j].
std::int64_t sort_counting(std::vector<double>& y) {
    std::vector<double> merged(y.size());
    std::int64_t exchanges = 0;
    for (std::size_t width = 1; width < y.size(); width *= 2) {
        for (std::size_t low = 0; low < y.size(); low += 2 * width) {
            const std::size_t middle = std::min(low + width, y.size()), high = std::min(low + 2 * width, y.size());
            for (std::size_t i = low, j = middle, k = low; k < high; ++k) {
                if (i < middle && (j == high || y[i] <= y[j])) {
                    merged[k] = y[i++];
                } else {
                    exchanges += static_cast<std::int64_t>(middle - i);
                    merged[k] = y[j++];
                }
            }
        }
        y.swap(merged);
    }
    return exchanges;
}

struct Sample {
    std::vector<double> x, y;
    std::int64_t repeated = 0;   // pairs of one model with itself
};

Sample sample_of(const Problem& problem) {
    Sample sample;
    for (const std::size_t row : problem.rows) {
        sample.x.push_back(problem.measure[row]);
        sample.y.push_back(problem.target[row]);
    }
    std::vector<std::size_t> sorted(problem.rows.begin(), problem.rows.end());
    std::sort(sorted.begin(), sorted.end());
    sample.repeated = tied_pairs(sorted.size(), [&](std::size_t a, std::size_t b) { return sorted[a] == sorted[b]; });
    return sample;
}

Score no_pairs(std::int64_t pairs, bool flat_x, bool flat_y) {
    if (pairs == 0) return {missing, "fewer than two models"};
    return {missing, flat_x ? "measure is constant" : flat_y ? "target is constant" : ""};
}

Score score_b(const Problem& problem) {
    const Sample sample = sample_of(problem);
    const PairCounts n = count_pairs(sample.x, sample.y);
    const std::int64_t pairs = n.pairs - sample.repeated;
    // Pairs of a model with itself are tied in both, so the two denominators never held them.
    if (pairs == 0 || n.tied_x == n.pairs || n.tied_y == n.pairs)
        return no_pairs(pairs, n.tied_x == n.pairs, n.tied_y == n.pairs);
    return {static_cast<double>(n.difference) /
            std::sqrt(static_cast<double>(n.pairs - n.tied_x) * static_cast<double>(n.pairs - n.tied_y))};
}

Score score_a(const Problem& problem) {
    const Sample sample = sample_of(problem);
    const PairCounts n = count_pairs(sample.x, sample.y);
    const std::int64_t pairs = n.pairs - sample.repeated;
    if (pairs == 0) return no_pairs(pairs, false, false);
    return {static_cast<double>(n.difference) / static_cast<double>(pairs)};
}

}  // namespace

PairCounts count_pairs(std::span<const double> x, std::span<const double> y) {
    const std::size_t n = std::min(x.size(), y.size());
    std::vector<std::pair<double, double>> points(n);
    for (std::size_t i = 0; i < n; ++i) points[i] = {x[i], y[i]};
    std::sort(points.begin(), points.end());
    PairCounts counts;
    counts.pairs = pairs_of(static_cast<std::int64_t>(n));
    counts.tied_x = tied_pairs(n, [&](std::size_t a, std::size_t b) { return points[a].first == points[b].first; });
    counts.tied_both = tied_pairs(n, [&](std::size_t a, std::size_t b) { return points[a] == points[b]; });
    std::vector<double> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = points[i].second;
    const std::int64_t discordant = sort_counting(order);
    counts.tied_y = tied_pairs(n, [&](std::size_t a, std::size_t b) { return order[a] == order[b]; });
    const std::int64_t untied = counts.pairs - counts.tied_x - counts.tied_y + counts.tied_both;
    counts.difference = untied - 2 * discordant;
    return counts;
}

double kendall_tau_b(std::span<const double> x, std::span<const double> y) {
    const PairCounts n = count_pairs(x, y);
    if (n.pairs == 0 || n.tied_x == n.pairs || n.tied_y == n.pairs) return missing;
    return static_cast<double>(n.difference) /
           std::sqrt(static_cast<double>(n.pairs - n.tied_x) * static_cast<double>(n.pairs - n.tied_y));
}

double kendall_tau_a(std::span<const double> x, std::span<const double> y) {
    const PairCounts n = count_pairs(x, y);
    return n.pairs == 0 ? missing : static_cast<double>(n.difference) / static_cast<double>(n.pairs);
}

extern const Protocol kendall{
    .name = "kendall",
    .symbol = "tau",
    .summary = "Kendall's tau-b: share of pairs ordered alike minus share ordered otherwise; ties leave the denominator",
    .source = "Kendall 1945; Jiang et al. 2020, section 4.1",
    .score = score_b,
};

extern const Protocol kendall_a{
    .name = "kendall_a",
    .symbol = "tau-a",
    .summary = "Kendall's tau-a: like kendall, but a tie counts as half right",
    .source = "Jiang et al. 2020, eq. 2",
    .score = score_a,
};

}  // namespace assay::evaluate
