// Conditional mutual information between the order of a measure and the order of the target, by the exact rule of the PGDL
// competition's scoring program (Jiang et al. 2020, NeurIPS competition).

#include "libanalysis/evaluate/protocol.hpp"

#include <array>
#include <cmath>
#include <cstdint>

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

// For every ordered pair of models, those of a model with itself too (the rule has them): which of four outcomes it is.
struct Pairs {
    std::size_t models = 0;
    std::vector<std::uint8_t> outcome;   ///< [models, models]

    explicit Pairs(const Problem& problem) : models(problem.rows.size()), outcome(models * models) {
        for (std::size_t i = 0; i < models; ++i) {
            const double measure = problem.measure[problem.rows[i]], target = problem.target[problem.rows[i]];
            for (std::size_t j = 0; j < models; ++j)
                outcome[i * models + j] = static_cast<std::uint8_t>(2 * (measure > problem.measure[problem.rows[j]]) + (target > problem.target[problem.rows[j]]));
        }
    }
};

// Mean information over mean entropy, both over the cells that occur: a cell is what both models of an ordered pair have there.
double ratio(const Problem& problem, const Pairs& pairs, const Conditioning& given) {
    const std::size_t columns = given.second ? given.second->levels.size() : 1, settings = given.first->levels.size() * columns;
    std::vector<std::size_t> places, setting;
    for (std::size_t i = 0; i < pairs.models; ++i) {
        const std::size_t row = problem.rows[i];
        const int first = given.first->level[row], second = given.second ? given.second->level[row] : 0;
        if (first < 0 || second < 0) continue;
        places.push_back(i);
        setting.push_back(static_cast<std::size_t>(first) * columns + static_cast<std::size_t>(second));
    }
    std::vector<std::array<std::uint32_t, 4>> cells(settings * settings);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::uint8_t* const of_model = pairs.outcome.data() + places[i] * pairs.models;
        auto* const row_of_cells = cells.data() + setting[i] * settings;
        for (std::size_t j = 0; j < places.size(); ++j) ++row_of_cells[setting[j]][of_model[places[j]]];
    }
    const double of_one_order = entropy_of_target({1, 0, 0, 0});   // not quite 0, for the guard
    double information = 0, entropy = 0;
    for (const auto& [neither, target, measure, both] : cells) {
        const bool smaller = neither + measure > 0, larger = target + both > 0;   // the target of one model than of the other
        if (!smaller && !larger) continue;
        if (!smaller || !larger) {   // most cells of a small zoo: nothing to tell, and no logarithm to take
            entropy += of_one_order;
            continue;
        }
        const Outcomes counts{static_cast<double>(neither), static_cast<double>(target), static_cast<double>(measure), static_cast<double>(both)};
        information += mutual_information(counts);
        entropy += entropy_of_target(counts);
    }
    return entropy > 0 ? information / entropy : missing;   // both are means over the same number of cells
}

struct Least { double value = missing; Conditioning given{}; };
Least least(const Problem& problem) {
    const Pairs pairs(problem);
    Least result;
    for (const Conditioning& given : conditionings(problem)) {
        const double value = ratio(problem, pairs, given);
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
    return 5 * n * n * static_cast<double>(conditionings(problem).size());   // each costs as much as five of Kendall's
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
    .resampling = Resampling::jackknife,
    .decimals = 4,
    .score = score_pgdl,
    .pairs = pairs_pgdl,
    .detail = detail_pgdl,
};

}  // namespace assay::evaluate
