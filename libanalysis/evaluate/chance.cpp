#include "libanalysis/evaluate/chance.hpp"

#include "libanalysis/core/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace assay::evaluate {

Chance chance(const Protocol& protocol, std::span<const Column> measures, std::span<const double> target, const Design& design,
              const Settings& settings, std::size_t permutations, Seed seed, int threads) {
    std::vector<std::size_t> known;
    for (std::size_t i = 0; i < target.size(); ++i)
        if (!std::isnan(target[i])) known.push_back(i);
    Chance result{.tried = measures.size(), .permutations = permutations};
    std::vector<std::vector<double>> of_permutation(permutations);
    for_each_index(permutations, threads, [&](std::size_t k) {
        std::vector<double> shuffled(target.begin(), target.end());
        const std::vector<std::int64_t> order = permutation(seed.child(k), static_cast<std::int64_t>(known.size()));
        for (std::size_t i = 0; i < known.size(); ++i) shuffled[known[i]] = target[known[static_cast<std::size_t>(order[i])]];
        for (const Column& measure : measures) {
            const std::vector<std::size_t> rows = complete_rows(measure.values, shuffled);
            const double score = protocol.score({measure.values, shuffled, &design, rows, settings}).value;
            if (!std::isnan(score)) of_permutation[k].push_back(score);
        }
    });
    std::vector<double> scores, singles, largest, least;
    for (const std::vector<double>& found : of_permutation) {
        double most = -std::numeric_limits<double>::infinity(), fewest = -most;
        for (const double score : found) {
            scores.push_back(score);
            singles.push_back(strength(protocol.sense, score));
            most = std::max(most, singles.back());
            fewest = std::min(fewest, singles.back());
        }
        if (std::isfinite(most)) largest.push_back(most);
        if (std::isfinite(fewest)) least.push_back(fewest);
    }
    if (scores.empty()) return result;
    result.center = protocol.sense == Sense::signed_score ? 0 : std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
    double squares = 0;
    for (const double score : scores) squares += (score - result.center) * (score - result.center);
    result.spread = std::sqrt(squares / static_cast<double>(scores.size()));
    result.single = score_of_strength(protocol.sense, quantile(singles, 0.95));
    result.largest = score_of_strength(protocol.sense, quantile(largest, 0.95));
    if (protocol.mirrored) result.reversed = score_of_strength(protocol.sense, quantile(least, 0.05));
    return result;
}

}  // namespace assay::evaluate
