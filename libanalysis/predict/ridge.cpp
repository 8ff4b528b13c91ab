#include "libanalysis/predict/ridge.hpp"

#include <Eigen/SVD>

#include <algorithm>
#include <cmath>

namespace assay::predict {

std::vector<double> lambda_grid() {
    std::vector<double> grid;
    for (int half = -10; half <= 4; ++half) grid.push_back(std::pow(10.0, half / 2.0));
    return grid;
}

std::vector<LinearFit> ridge_path(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const double> lambdas) {
    const std::size_t n = rows.size(), p = x.columns;
    const std::vector<Scaling> scalings = fit_scalings(x, rows);
    Eigen::MatrixXd z(n, p);
    for (std::size_t c = 0; c < p; ++c)
        for (std::size_t i = 0; i < n; ++i) z(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(c)) = scalings[c].apply(x(rows[i], c));
    Eigen::VectorXd centred(n);
    double mean = 0;
    for (std::size_t i = 0; i < n; ++i) mean += y[rows[i]] / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) centred(static_cast<Eigen::Index>(i)) = y[rows[i]] - mean;

    std::vector<LinearFit> path;
    if (p == 0 || n == 0) {
        for (const double lambda : lambdas) path.push_back({scalings, std::vector<double>(p, 0), mean, lambda});
        return path;
    }
    const Eigen::BDCSVD<Eigen::MatrixXd> svd(z, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const Eigen::VectorXd projected = svd.matrixU().transpose() * centred;
    for (const double lambda : lambdas) {
        const Eigen::ArrayXd s = svd.singularValues().array();
        const Eigen::VectorXd shrunk = (s / (s.square() + static_cast<double>(n) * lambda) * projected.array()).matrix();
        const Eigen::VectorXd beta = svd.matrixV() * shrunk;
        path.push_back({scalings, {beta.data(), beta.data() + beta.size()}, mean, lambda});
    }
    return path;
}

namespace {

std::vector<Json> settings() {
    std::vector<Json> all;
    for (const double lambda : lambda_grid()) all.push_back({{"lambda", lambda}});
    return all;
}

std::vector<std::unique_ptr<Fitted>> fit_ridge(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const Json> settings, Seed) {
    return Linear::each(ridge_path(x, y, rows, values_of(settings, "lambda")));
}

}  // namespace

namespace learner_constants {

extern const Learner ridge;
const Learner ridge{
    .name = "ridge",
    .summary = "linear regression on standardised features with a penalty on squared coefficients",
    .settings = settings,
    .fit = fit_ridge,
    .load = Linear::load,
};

}  // namespace learner_constants

}  // namespace assay::predict
