// Lasso (Tibshirani 1996) on standardised features, by coordinate descent (Friedman, Hastie & Tibshirani 2010).

#include "libanalysis/predict/lasso.hpp"

#include <algorithm>
#include <cmath>

namespace assay::predict {

std::vector<LinearFit> lasso_path(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const double> shares) {
    const std::size_t n = rows.size(), p = x.columns;
    const std::vector<Scaling> scalings = fit_scalings(x, rows);
    std::vector<std::vector<double>> z(p, std::vector<double>(n));   // columns, since the sweeps go through columns
    for (std::size_t c = 0; c < p; ++c)
        for (std::size_t i = 0; i < n; ++i) z[c][i] = scalings[c].apply(x(rows[i], c));
    double mean = 0;
    for (const std::size_t row : rows) mean += y[row] / static_cast<double>(n);
    std::vector<double> residual(n);
    for (std::size_t i = 0; i < n; ++i) residual[i] = y[rows[i]] - mean;
    const auto slope = [&](std::size_t c) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += z[c][i] * residual[i];
        return sum / static_cast<double>(n);
    };
    double largest = 0;   // the penalty above which all coefficients are 0
    for (std::size_t c = 0; c < p; ++c) largest = std::max(largest, std::abs(slope(c)));

    std::vector<double> beta(p, 0);
    std::vector<LinearFit> path(shares.size());
    std::vector<std::size_t> order(shares.size());
    for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return shares[a] > shares[b]; });   // each starts where the heavier one ended
    for (const std::size_t k : order) {
        const double penalty = shares[k] * largest;
        for (int sweep = 0; sweep < 10000; ++sweep) {
            double moved = 0;
            for (std::size_t c = 0; c < p; ++c) {
                if (scalings[c].deviation == 0) continue;
                const double target = slope(c) + beta[c];   // columns have mean square 1
                const double next = std::copysign(std::max(std::abs(target) - penalty, 0.0), target), step = next - beta[c];
                if (step == 0) continue;
                for (std::size_t i = 0; i < n; ++i) residual[i] -= step * z[c][i];
                beta[c] = next;
                moved = std::max(moved, std::abs(step));
            }
            if (moved <= 1e-9 * largest) break;
        }
        path[k] = {scalings, beta, mean, penalty};
    }
    return path;
}

namespace {

std::vector<Json> settings() {
    std::vector<Json> all;
    for (int quarter = -12; quarter <= 0; ++quarter) all.push_back({{"share", std::pow(10.0, quarter / 4.0)}});
    return all;
}

std::vector<std::unique_ptr<Fitted>> fit_lasso(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const Json> settings, Seed) {
    return Linear::each(lasso_path(x, y, rows, values_of(settings, "share")));
}

}  // namespace

namespace learner_constants {

extern const Learner lasso;
const Learner lasso{
    .name = "lasso",
    .summary = "linear regression on standardised features with a penalty on absolute coefficients: few features",
    .settings = settings,
    .fit = fit_lasso,
    .load = Linear::load,
};

}  // namespace learner_constants

}  // namespace assay::predict
