#include "libanalysis/evaluate/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace assay::evaluate {

double quantile(std::vector<double>& values, double p) {
    if (values.empty()) return missing;
    std::sort(values.begin(), values.end());
    const double place = p * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

Interval bootstrap(const Protocol& protocol, const Problem& problem, const BootstrapOptions& options) {
    std::vector<std::vector<std::size_t>> units;
    if (options.groups.empty()) {
        for (const std::size_t row : problem.rows) units.push_back({row});
    } else {
        std::map<int, std::vector<std::size_t>> groups;
        for (const std::size_t row : problem.rows)
            if (options.groups[row] >= 0) groups[options.groups[row]].push_back(row);
        for (auto& [group, rows] : groups) units.push_back(std::move(rows));
    }
    if (units.size() < 2) return {};
    std::vector<double> scores;
    std::vector<std::size_t> rows;
    for (std::size_t replicate = 0; replicate < options.replicates; ++replicate) {
        const Seed seed = options.seed.child(replicate);
        rows.clear();
        for (std::size_t k = 0; k < units.size(); ++k) {
            const auto& unit = units[seed.bits(k) % units.size()];
            rows.insert(rows.end(), unit.begin(), unit.end());
        }
        const Score score = protocol.score({problem.measure, problem.target, problem.design, rows, problem.settings});
        if (!std::isnan(score.value)) scores.push_back(score.value);
    }
    if (2 * scores.size() < options.replicates) return {};
    const std::size_t count = scores.size();
    const double tail = (1 - options.level) / 2;
    const double low = quantile(scores, tail);
    return {low, quantile(scores, 1 - tail), count};
}

}  // namespace assay::evaluate
