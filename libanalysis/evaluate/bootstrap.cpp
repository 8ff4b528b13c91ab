#include "libanalysis/evaluate/bootstrap.hpp"

#include "libanalysis/evaluate/line_fit.hpp"

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

namespace {

// What is drawn, or left out, as a whole.
std::vector<std::vector<std::size_t>> units_of(const Problem& problem, std::span<const int> group_of) {
    std::vector<std::vector<std::size_t>> units;
    if (group_of.empty()) {
        for (const std::size_t row : problem.rows) units.push_back({row});
    } else {
        std::map<int, std::vector<std::size_t>> groups;
        for (const std::size_t row : problem.rows)
            if (group_of[row] >= 0) groups[group_of[row]].push_back(row);
        for (auto& [group, rows] : groups) units.push_back(std::move(rows));
    }
    return units;
}

constexpr std::size_t most_parts = 50;

}  // namespace

Interval jackknife(const Protocol& protocol, const Problem& problem, const BootstrapOptions& options) {
    const std::vector<std::vector<std::size_t>> units = units_of(problem, options.groups);
    const std::size_t parts = std::min(units.size(), most_parts);
    if (parts < 2) return {};
    const std::vector<std::int64_t> order = permutation(options.seed, static_cast<std::int64_t>(units.size()));
    std::vector<double> scores;
    for (std::size_t part = 0; part < parts; ++part) {
        std::vector<std::size_t> rows;
        for (std::size_t k = 0; k < units.size(); ++k)
            if (static_cast<std::size_t>(order[k]) % parts != part) rows.insert(rows.end(), units[k].begin(), units[k].end());
        const double score = protocol.score({problem.measure, problem.target, problem.design, rows, problem.settings}).value;
        if (std::isnan(score)) return {};
        scores.push_back(score);
    }
    const auto count = static_cast<double>(parts);
    double mean = 0, squares = 0;
    for (const double score : scores) mean += score / count;
    for (const double score : scores) squares += (score - mean) * (score - mean);
    const double whole = protocol.score(problem).value, half = normal_quantile(0.5 + options.level / 2) * std::sqrt((count - 1) / count * squares);
    return {protocol.sense == Sense::gain ? std::max(whole - half, 0.0) : whole - half, whole + half, parts};
}

Interval bootstrap(const Protocol& protocol, const Problem& problem, const BootstrapOptions& options) {
    const std::vector<std::vector<std::size_t>> units = units_of(problem, options.groups);
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
