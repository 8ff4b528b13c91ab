// Linear regression of the target on the measure: R2 and adjusted R2.

#include "libanalysis/evaluate/protocol.hpp"

#include <cmath>

namespace assay::evaluate {
namespace {

Score score_r2(const Problem& problem) {
    const auto n = static_cast<double>(problem.rows.size());
    if (problem.rows.size() < 3) return {missing, "fewer than three models"};
    double mean_x = 0, mean_y = 0;
    for (const std::size_t row : problem.rows) {
        if (!std::isfinite(problem.measure[row])) return {missing, "the measure is infinite for a model"};
        mean_x += problem.measure[row] / n;
        mean_y += problem.target[row] / n;
    }
    double xx = 0, yy = 0, xy = 0;
    for (const std::size_t row : problem.rows) {
        const double x = problem.measure[row] - mean_x, y = problem.target[row] - mean_y;
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    if (xx == 0 || yy == 0) return {missing, xx == 0 ? "measure is constant" : "target is constant"};
    return {xy * xy / (xx * yy)};
}

Detail detail_r2(const Problem& problem) {
    Detail detail;
    const double r2 = score_r2(problem).value, n = static_cast<double>(problem.rows.size());
    detail.numbers.emplace_back("adjusted", 1 - (1 - r2) * (n - 1) / (n - 2));
    return detail;
}

}  // namespace

extern const Protocol r2{
    .name = "r2",
    .symbol = "R2",
    .summary = "share of the target's variance that a straight line in the measure explains, on the models it is fitted to: no prediction",
    .source = "Jiang et al. 2019 (DEMOGEN), section 4",
    .sense = Sense::gain,
    .score = score_r2,
    .detail = detail_r2,
};

}  // namespace assay::evaluate
