#include "libanalysis/predict/ridge.hpp"

#include <Eigen/SVD>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace assay::predict {

std::vector<double> lambda_grid() {
    std::vector<double> grid;
    for (int half = -10; half <= 4; ++half) grid.push_back(std::pow(10.0, half / 2.0));
    return grid;
}

double Ridge::predict(std::span<const double> features) const {
    double value = intercept;
    for (std::size_t c = 0; c < coefficients.size(); ++c) value += coefficients[c] * scalings[c].apply(features[c]);
    return value;
}

std::vector<Ridge> ridge_path(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows,
                              std::span<const double> lambdas) {
    const std::size_t n = rows.size(), p = x.columns;
    std::vector<Scaling> scalings;
    Eigen::MatrixXd z(n, p);
    std::vector<double> column(n);
    for (std::size_t c = 0; c < p; ++c) {
        for (std::size_t i = 0; i < n; ++i) column[i] = x(rows[i], c);
        scalings.push_back(fit_scaling(column));
        for (std::size_t i = 0; i < n; ++i)
            z(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(c)) = scalings.back().apply(column[i]);
    }
    Eigen::VectorXd centred(n);
    double mean = 0;
    for (std::size_t i = 0; i < n; ++i) mean += y[rows[i]] / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) centred(static_cast<Eigen::Index>(i)) = y[rows[i]] - mean;

    std::vector<Ridge> path;
    if (p == 0 || n == 0) {
        for (const double lambda : lambdas) path.push_back({scalings, {}, mean, lambda});
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

double choose_lambda(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const int> fold, Seed seed) {
    std::vector<int> inner(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) inner[i] = fold[rows[i]];
    if (std::set<int>(inner.begin(), inner.end()).size() < 2) {
        const std::vector<std::int64_t> order = permutation(seed, static_cast<std::int64_t>(rows.size()));
        for (std::size_t i = 0; i < rows.size(); ++i) inner[static_cast<std::size_t>(order[i])] = static_cast<int>(i % 5);
    }
    const std::vector<double> lambdas = lambda_grid();
    std::vector<double> squares(lambdas.size(), 0);
    for (const int held_out : std::set<int>(inner.begin(), inner.end())) {
        std::vector<std::size_t> training;
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (inner[i] != held_out) training.push_back(rows[i]);
        const std::vector<Ridge> path = ridge_path(x, y, training, lambdas);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (inner[i] != held_out) continue;
            for (std::size_t k = 0; k < path.size(); ++k) {
                const double residual = path[k].predict(x.row(rows[i])) - y[rows[i]];
                squares[k] += residual * residual;
            }
        }
    }
    // Ties go to the stronger penalty.
    std::size_t best = lambdas.size() - 1;
    for (std::size_t k = lambdas.size(); k-- > 0;)
        if (squares[k] < squares[best]) best = k;
    return lambdas[best];
}

CrossFit cross_fit(const Matrix& x, std::span<const double> y, std::span<const int> fold, Seed seed) {
    CrossFit result{std::vector<double>(x.rows, std::numeric_limits<double>::quiet_NaN()), {}};
    for (const int held_out : std::set<int>(fold.begin(), fold.end())) {
        std::vector<std::size_t> training;
        for (std::size_t i = 0; i < x.rows; ++i)
            if (fold[i] != held_out) training.push_back(i);
        const double lambda = choose_lambda(x, y, training, fold, seed.child(static_cast<std::uint64_t>(held_out)));
        const Ridge ridge = ridge_path(x, y, training, std::span(&lambda, 1)).front();
        for (std::size_t i = 0; i < x.rows; ++i)
            if (fold[i] == held_out) result.predicted[i] = ridge.predict(x.row(i));
        result.lambda.push_back(lambda);
    }
    return result;
}

}  // namespace assay::predict
