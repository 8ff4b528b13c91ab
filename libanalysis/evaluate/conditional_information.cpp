// Conditional mutual information between the order of a measure and the order of the target, by the exact rule of the PGDL
// competition's scoring program (Jiang et al. 2020, NeurIPS competition).

#include "libanalysis/evaluate/protocol.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace assay::evaluate {
namespace {

// Counts of the four outcomes (measure larger or not, target larger or not) of the pairs in one cell.
using Outcomes = std::array<double, 4>;

double mutual_information(const Outcomes& counts) {
    const double total = counts[0] + counts[1] + counts[2] + counts[3];
    double bits = 0;
    for (std::size_t m = 0; m < 2; ++m)
        for (std::size_t t = 0; t < 2; ++t) {
            const double joint = counts[2 * m + t] / total;
            if (joint == 0) continue;
            const double measure = (counts[2 * m] + counts[2 * m + 1]) / total, target = (counts[t] + counts[2 + t]) / total;
            bits += joint * std::log2(joint / (measure * target));
        }
    return bits;
}

double entropy_of_target(const Outcomes& counts) {
    const double total = counts[0] + counts[1] + counts[2] + counts[3];
    double bits = 0;
    for (std::size_t t = 0; t < 2; ++t) {
        const double p = (counts[t] + counts[2 + t]) / total;
        bits -= p * std::log2(p + 1e-12);   // the scoring program's own guard, part of its numbers
    }
    return bits;
}

// A pair of hyper-parameters under which the score is asked; the second is null where the zoo has only one.
struct Conditioning { const Axis* first; const Axis* second; };

std::vector<Conditioning> conditionings(const Problem& problem) {
    std::vector<Conditioning> all;
    if (!problem.design) return all;
    const std::vector<Axis>& axes = problem.design->axes();
    for (std::size_t a = 0; a < axes.size(); ++a)
        for (std::size_t b = a + 1; b < axes.size(); ++b) all.push_back({&axes[a], &axes[b]});
    if (axes.size() == 1) all.push_back({axes.data(), nullptr});
    return all;
}

// Mean information over mean entropy, both over the cells that occur: a cell is what both models of an ordered pair have there.
double ratio(const Problem& problem, const Conditioning& given) {
    const std::size_t columns = given.second ? given.second->levels.size() : 1;
    std::vector<std::size_t> rows, setting;
    for (const std::size_t row : problem.rows) {
        const int first = given.first->level[row], second = given.second ? given.second->level[row] : 0;
        if (first < 0 || second < 0) continue;
        rows.push_back(row);
        setting.push_back(static_cast<std::size_t>(first) * columns + static_cast<std::size_t>(second));
    }
    // Only settings that occur, in their order: of two hyper-parameters with a value a model there may be as many as models squared.
    std::vector<std::size_t> occurring = setting;
    std::sort(occurring.begin(), occurring.end());
    occurring.erase(std::unique(occurring.begin(), occurring.end()), occurring.end());
    for (std::size_t& one : setting) one = static_cast<std::size_t>(std::lower_bound(occurring.begin(), occurring.end(), one) - occurring.begin());
    const std::size_t settings = occurring.size();
    std::vector<Outcomes> cells(settings * settings, Outcomes{});
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t j = 0; j < rows.size(); ++j) {   // ordered pairs, those of a model with itself too: the rule has them
            const std::size_t outcome = 2 * static_cast<std::size_t>(problem.measure[rows[i]] > problem.measure[rows[j]]) +
                                        static_cast<std::size_t>(problem.target[rows[i]] > problem.target[rows[j]]);
            ++cells[setting[i] * settings + setting[j]][outcome];
        }
    double information = 0, entropy = 0;
    const double certain = entropy_of_target({1, 0, 0, 0});
    for (const Outcomes& cell : cells) {
        const auto outcomes = 4 - std::count(cell.begin(), cell.end(), 0.0);
        if (outcomes == 0) continue;
        if (outcomes == 1) {   // most cells, where a hyper-parameter has about as many settings as there are models: no logarithm is needed
            entropy += certain;
            continue;
        }
        information += mutual_information(cell);
        entropy += entropy_of_target(cell);
    }
    return entropy > 0 ? information / entropy : missing;   // both are means over the same number of cells
}

struct Least { double value = missing; Conditioning given{}; };
Least least(const Problem& problem) {
    Least result;
    for (const Conditioning& given : conditionings(problem)) {
        const double value = ratio(problem, given);
        if (!std::isnan(value) && !(value >= result.value)) result = {value, given};
    }
    return result;
}

Score score_pgdl(const Problem& problem) {
    if (!problem.design || problem.design->axes().empty()) return {missing, "the models have no hyper-parameters (config columns)"};
    const Least result = least(problem);
    if (std::isnan(result.value)) return {missing, "the target is the same for all models that share hyper-parameters"};
    return {result.value};
}

double pairs_pgdl(const Problem& problem) {
    const auto n = static_cast<double>(problem.rows.size());
    return 10 * n * n * static_cast<double>(conditionings(problem).size());   // a cell's logarithms weigh more than a pair
}

Detail detail_pgdl(const Problem& problem) {
    const Least result = least(problem);
    if (std::isnan(result.value)) return {};
    const auto& [first, second] = result.given;
    return {"given " + first->name + (second ? " and " + second->name : ""), result.value};
}

}  // namespace

extern const Protocol pgdl{
    .name = "pgdl",
    .symbol = "CMI",
    .summary = "conditional mutual information of PGDL (its tables print it times 100): how much the order of the measure tells about the order of the target once two "
               "hyper-parameters are known, for the two that leave least; it does not see the sign, so read it beside Kendall's tau",
    .source = "Jiang et al. 2020, NeurIPS competition, scoring program",
    .sense = Sense::gain,
    .decimals = 4,
    .score = score_pgdl,
    .pairs = pairs_pgdl,
    .detail = detail_pgdl,
};

}  // namespace assay::evaluate
