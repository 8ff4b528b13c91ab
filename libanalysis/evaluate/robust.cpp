// Robust regression (Dziugaite et al. 2020): the straight line in the measure, with a slope of at least 0, whose mean squared error
// is smallest in the environment where it is largest.

#include "libanalysis/evaluate/granulated.hpp"
#include "libanalysis/evaluate/minimax_line.hpp"

#include <cmath>

namespace assay::evaluate {
namespace {

struct Environments {
    std::vector<SquaredError> errors;
    std::vector<std::string> names;
};

// All models that agree in all hyper-parameters but one.
Environments environments_of(const Problem& problem, std::span<const double> standardised, bool named) {
    Environments found;
    if (!problem.design) return found;
    const std::vector<Axis>& axes = problem.design->axes();
    for (std::size_t a = 0; a < axes.size(); ++a) {
        if (axes[a].levels.size() < 2) continue;   // its environments would be single configurations
        for (const auto& [context, rows] : by_context(problem, axes[a])) {
            if (rows.size() < 2) continue;   // any line goes through one model
            SquaredError error;
            for (const std::size_t row : rows) error.add(standardised[row], problem.target[row]);
            found.errors.push_back(error.mean());
            if (!named) continue;
            const std::string fixed = problem.design->words(rows.front(), a);
            found.names.push_back("all " + axes[a].name + (fixed.empty() ? "" : " at " + fixed));
        }
    }
    return found;
}

// The measure with mean 0 and deviation 1 over the problem's rows; empty where that cannot be.
std::vector<double> standardised(const Problem& problem) {
    double sum = 0, squares = 0;
    const auto n = static_cast<double>(problem.rows.size());
    for (const std::size_t row : problem.rows) sum += problem.measure[row];
    const double mean = sum / n;
    for (const std::size_t row : problem.rows) squares += (problem.measure[row] - mean) * (problem.measure[row] - mean);
    const double deviation = std::sqrt(squares / n);
    if (!(deviation > 0) || !std::isfinite(deviation)) return {};
    std::vector<double> values(problem.measure.begin(), problem.measure.end());
    for (double& value : values) value = (value - mean) / deviation;
    return values;
}

Score score_robust(const Problem& problem) {
    const std::vector<double> x = standardised(problem);
    if (x.empty()) return {missing, "measure is constant or infinite"};
    const Environments found = environments_of(problem, x, false);
    if (found.errors.empty()) return {missing, "no two models agree in all hyper-parameters (config columns) but one"};
    return {minimax_line(found.errors).worst};
}

// A constant alone.
double uninformed_robust(const Problem& problem) {
    const std::vector<double> nothing(problem.target.size(), 0.0);
    const Environments found = environments_of(problem, nothing, false);
    return found.errors.empty() ? missing : minimax_line(found.errors, 0).worst;
}

Detail detail_robust(const Problem& problem) {
    Detail detail;
    const std::vector<double> x = standardised(problem);
    if (x.empty()) return detail;
    const Environments found = environments_of(problem, x, true);
    if (found.errors.empty()) return detail;
    const Line line = minimax_line(found.errors);
    double mean = 0;
    for (std::size_t i = 0; i < found.errors.size(); ++i) {
        const double error = found.errors[i].at(line.slope, line.intercept);
        mean += error / static_cast<double>(found.errors.size());
        if (!(error <= detail.worst_score)) {
            detail.worst = found.names[i];
            detail.worst_score = error;
        }
    }
    detail.numbers = {{"mean", mean}, {"slope", line.slope}, {"environments", static_cast<double>(found.errors.size())},
                      {"without_measure", minimax_line(found.errors, 0).worst}};
    return detail;
}

}  // namespace

extern const Protocol robust{
    .name = "robust",
    .symbol = "max MSE",
    .summary = "robust regression: the smallest worst-environment mean squared error of a line in the standardised measure (slope at least 0); an environment "
               "is all models that agree in all hyper-parameters but one",
    .source = "Dziugaite et al. 2020, section 6",
    .sense = Sense::loss,
    .oriented = true,
    .resampling = Resampling::none,
    .decimals = 6,
    .perfect = 0,
    .uninformed = uninformed_robust,
    .score = score_robust,
    .pairs = [](const Problem& problem) { return 1e5 + 700 * static_cast<double>(problem.rows.size()); },   // a nested search, not pairs
    .detail = detail_robust,
};

}  // namespace assay::evaluate
