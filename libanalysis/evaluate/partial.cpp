// Partial rank correlation: what is left of the correlation of ranks once the hyper-parameters are known.

#include "libanalysis/core/text.hpp"
#include "libanalysis/evaluate/protocol.hpp"
#include "libanalysis/evaluate/ranks.hpp"

#include <Eigen/QR>

#include <algorithm>
#include <cmath>
#include <optional>

namespace assay::evaluate {
namespace {

bool numeric(const Axis& axis) {
    return std::all_of(axis.levels.begin(), axis.levels.end(), [](const std::string& word) { return finite_number_of(word).has_value(); });
}

// A constant, the ranks of numeric hyper-parameters, an indicator for every setting but the first of the others.
Eigen::MatrixXd controls(const Problem& problem, const std::vector<std::size_t>& rows) {
    const auto n = static_cast<Eigen::Index>(rows.size());
    std::vector<Eigen::VectorXd> columns{Eigen::VectorXd::Ones(n)};
    if (problem.design)
        for (const Axis& axis : problem.design->axes()) {
            if (numeric(axis)) {
                std::vector<double> values;
                for (const std::size_t row : rows) values.push_back(*finite_number_of(axis.levels[static_cast<std::size_t>(axis.level[row])]));
                columns.push_back(Eigen::Map<const Eigen::VectorXd>(average_ranks(values).data(), n));
                continue;
            }
            for (std::size_t level = 1; level < axis.levels.size(); ++level) {
                Eigen::VectorXd column(n);
                for (Eigen::Index i = 0; i < n; ++i) column[i] = axis.level[rows[static_cast<std::size_t>(i)]] == static_cast<int>(level);
                columns.push_back(column);
            }
        }
    Eigen::MatrixXd matrix(n, static_cast<Eigen::Index>(columns.size()));
    for (std::size_t k = 0; k < columns.size(); ++k) matrix.col(static_cast<Eigen::Index>(k)) = columns[k];
    return matrix;
}

Score score_partial(const Problem& problem) {
    std::vector<std::size_t> rows;
    for (const std::size_t row : problem.rows)
        if (!problem.design || problem.design->axes().empty() || problem.design->configuration()[row] >= 0) rows.push_back(row);
    if (rows.size() < 4) return {missing, "fewer than four models with known hyper-parameters"};
    const auto n = static_cast<Eigen::Index>(rows.size());
    std::vector<double> measure, target;
    for (const std::size_t row : rows) {
        measure.push_back(problem.measure[row]);
        target.push_back(problem.target[row]);
    }
    Eigen::MatrixXd both(n, 2);
    both.col(0) = Eigen::Map<const Eigen::VectorXd>(average_ranks(measure).data(), n);
    both.col(1) = Eigen::Map<const Eigen::VectorXd>(average_ranks(target).data(), n);
    const Eigen::MatrixXd design = controls(problem, rows);
    const Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> solver(design);
    const Eigen::MatrixXd rest = both - design * solver.solve(both);
    // What rounding leaves of a column that the controls explain wholly is no residual.
    const double scale = 1e-9 * static_cast<double>(n) * std::sqrt(static_cast<double>(n));
    if (rest.col(0).norm() < scale || rest.col(1).norm() < scale)
        return {missing, std::string("the hyper-parameters explain the ") + (rest.col(0).norm() < scale ? "measure" : "target") + " wholly"};
    return {rest.col(0).dot(rest.col(1)) / (rest.col(0).norm() * rest.col(1).norm())};
}

}  // namespace

extern const Protocol partial{
    .name = "partial",
    .symbol = "rho",
    .summary = "partial rank correlation: Pearson's correlation of what the hyper-parameters leave of the ranks of measure and target (least squares on "
               "ranks of numeric hyper-parameters and indicators of the others)",
    .source = "Kim 2015 (partial rank correlation); Jiang et al. 2020 for the question",
    .score = score_partial,
    .pairs = [](const Problem& problem) { return 1e3 * static_cast<double>(problem.rows.size()); },   // ranks and a least-squares fit, not pairs
};

}  // namespace assay::evaluate
