#include "libanalysis/evaluate/chance.hpp"

#include <algorithm>
#include <cmath>

namespace assay::evaluate {

Chance chance(const Protocol& protocol, std::span<const Column> measures, std::span<const double> target,
              std::span<const Factor> config, std::size_t permutations, Seed seed) {
    std::vector<std::size_t> known;
    for (std::size_t i = 0; i < target.size(); ++i)
        if (!std::isnan(target[i])) known.push_back(i);
    std::vector<double> shuffled(target.begin(), target.end()), singles, largest;
    Chance result{.tried = measures.size(), .permutations = permutations};
    double squares = 0;
    for (std::size_t k = 0; k < permutations; ++k) {
        const std::vector<std::int64_t> order = permutation(seed.child(k), static_cast<std::int64_t>(known.size()));
        for (std::size_t i = 0; i < known.size(); ++i) shuffled[known[i]] = target[known[static_cast<std::size_t>(order[i])]];
        double most = -1;
        for (const Column& measure : measures) {
            const std::vector<std::size_t> rows = complete_rows(measure.values, shuffled);
            const double score = protocol.score({measure.values, shuffled, config, rows}).value;
            if (std::isnan(score)) continue;
            squares += score * score;
            singles.push_back(std::abs(score));
            most = std::max(most, std::abs(score));
        }
        if (most >= 0) largest.push_back(most);
    }
    if (!singles.empty()) result.spread = std::sqrt(squares / static_cast<double>(singles.size()));
    result.single = quantile(singles, 0.95);
    result.largest = quantile(largest, 0.95);
    return result;
}

}  // namespace assay::evaluate
