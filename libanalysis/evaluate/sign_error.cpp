// Sign errors over environments (Dziugaite et al. 2020, "In search of robust measures of generalization"): in every pair of
// configurations that differ in one hyper-parameter, how often the measure orders two models wrongly.

#include "libanalysis/evaluate/bootstrap.hpp"
#include "libanalysis/evaluate/granulated.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace assay::evaluate {
namespace {

struct Environment {
    std::size_t axis = 0;
    int low = 0, high = 0;        // levels of the axis
    std::size_t row = 0;          // a model of it; where pairs of all contexts are merged, any
    double wrong = 0, weight = 0, squares = 0;
    double error() const { return wrong / weight; }
    double effective() const { return weight * weight / squares; }
};

// How sure it is that two gaps, each from a test accuracy on n examples, differ in the direction they seem to (a Hoeffding bound),
// as the paper weighs a pair: max(0, 1 - phi)^2 - 1/2, at least 0.
double certainty(double difference, double examples) {
    const double phi = 2 * std::exp(-2 * examples * (difference / 2) * (difference / 2));
    const double sure = std::max(0.0, 1 - phi);
    return std::max(0.0, sure * sure - 0.5);
}

void add_pair(const Problem& problem, std::size_t a, std::size_t b, Environment& environment) {
    const double weight = certainty(problem.target[a] - problem.target[b], problem.settings.test_examples);
    if (weight == 0) return;
    const int agreement = sign(problem.measure[a] - problem.measure[b]) * sign(problem.target[a] - problem.target[b]);
    environment.wrong += weight * (1 - agreement) / 2;
    environment.weight += weight;
    environment.squares += weight * weight;
}

struct Environments {
    std::vector<Environment> kept;
    bool merged = false;
};

// Merged: all pairs with the same two settings of an axis, whatever the (equal) other settings are.
std::vector<Environment> collect(const Problem& problem, bool merged) {
    std::vector<Environment> kept;
    const std::vector<Axis>& axes = problem.design->axes();
    for (std::size_t a = 0; a < axes.size(); ++a) {
        std::map<std::pair<int, int>, Environment> found;
        const auto finish = [&] {
            for (const auto& [levels, environment] : found)   // a hair below, for sums that come out at 11.9999996
                if (environment.weight > 0 && environment.effective() >= problem.settings.least_effective_pairs - 1e-6) kept.push_back(environment);
            found.clear();
        };
        for (const auto& [context, rows] : by_context(problem, axes[a])) {
            for (std::size_t i = 0; i < rows.size(); ++i)
                for (std::size_t j = i + 1; j < rows.size(); ++j) {
                    const auto levels = std::minmax(axes[a].level[rows[i]], axes[a].level[rows[j]]);
                    if (levels.first == levels.second) continue;
                    add_pair(problem, rows[i], rows[j], found.try_emplace(levels, Environment{a, levels.first, levels.second, rows[i]}).first->second);
                }
            if (!merged) finish();
        }
        finish();
    }
    return kept;
}

Environments environments_of(const Problem& problem) {
    Environments result;
    if (!problem.design) return result;
    result.kept = collect(problem, false);
    if (!result.kept.empty()) return result;
    result.merged = true;
    result.kept = collect(problem, true);
    return result;
}

Score score_sign_error(const Problem& problem) {
    const Environments found = environments_of(problem);
    if (found.kept.empty())
        return {missing, "no two settings of a hyper-parameter have enough pairs of models whose gaps differ by more than the noise of a test set"};
    double sum = 0;
    for (const Environment& environment : found.kept) sum += environment.error();
    return {sum / static_cast<double>(found.kept.size())};
}

Detail detail_sign_error(const Problem& problem) {
    const Environments found = environments_of(problem);
    Detail detail;
    if (found.kept.empty()) return detail;
    std::vector<double> errors;
    std::map<std::size_t, std::pair<double, int>> by_axis;
    const Environment* worst = &found.kept.front();
    for (const Environment& environment : found.kept) {
        errors.insert(errors.end(), 2, environment.error());   // the paper counts every pair in both directions
        by_axis[environment.axis].first += environment.error();
        ++by_axis[environment.axis].second;
        if (environment.error() > worst->error()) worst = &environment;
    }
    const Axis& axis = problem.design->axes()[worst->axis];
    const std::string fixed = found.merged ? "" : problem.design->words(worst->row, worst->axis);
    detail.worst = axis.name + "=" + axis.levels[static_cast<std::size_t>(worst->low)] + " against " + axis.levels[static_cast<std::size_t>(worst->high)] +
                   (fixed.empty() ? "" : " at " + fixed);
    detail.worst_score = worst->error();
    detail.numbers.emplace_back("p90", quantile(errors, 0.9));
    detail.numbers.emplace_back("max", worst->error());
    detail.numbers.emplace_back("environments", static_cast<double>(errors.size()));
    for (const auto& [index, sum] : by_axis) detail.numbers.emplace_back("mean_" + problem.design->axes()[index].name, sum.first / sum.second);
    if (found.merged)
        detail.note = "no pair of configurations has enough runs, so that an environment is two settings of one hyper-parameter, over all settings of the others";
    return detail;
}

}  // namespace

extern const Protocol sign_error{
    .name = "sign-error",
    .symbol = "error",
    .summary = "share of pairs that the measure orders wrongly when one hyper-parameter changes, averaged over environments (pairs of configurations); "
               "pairs whose gaps differ by no more than the test set's noise are left out; its maximum is the robust score",
    .source = "Dziugaite et al. 2020, sections 4 and 5",
    .sense = Sense::loss,
    .oriented = true,
    .mirrored = true,
    .perfect = 0,
    .uninformed = [](const Problem&) { return 0.5; },
    .score = score_sign_error,
    .pairs = [](const Problem& problem) { return 10 * granulated_pairs(problem) + 600 * static_cast<double>(problem.rows.size()); },   // an exponential each, and grouping
    .detail = detail_sign_error,
};

}  // namespace assay::evaluate
