#pragma once
// Ridge regression (Hoerl & Kennard 1970) on standardised features; the penalty is chosen by cross-validation.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/predict/matrix.hpp"
#include "libanalysis/predict/scaling.hpp"

namespace assay::predict {

/// Minimises mean squared error + lambda |coefficients|^2 over the given rows; the intercept is not penalised.
struct Ridge {
    std::vector<Scaling> scalings;
    std::vector<double> coefficients;   ///< of the standardised features
    double intercept = 0;
    double lambda = 0;
    double predict(std::span<const double> features) const;   ///< raw features, in the order of the columns
};

/// Half decades from 1e-5 to 1e2.
std::vector<double> lambda_grid();

/// One fit per lambda, from one singular value decomposition. Scalings are learned from `rows` alone.
std::vector<Ridge> ridge_path(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows,
                              std::span<const double> lambdas);

/// `fold[i]` is the fold of row i. The lambda of lambda_grid() with the smallest squared error over held-out folds; with fewer than two
/// folds among `rows`, five seeded folds by model take their place.
double choose_lambda(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const int> fold, Seed seed);

/// Every row predicted by a fit that saw no row of its fold: scalings, coefficients and lambda come from the other folds (nested
/// cross-validation).
struct CrossFit {
    std::vector<double> predicted;   ///< by row
    std::vector<double> lambda;      ///< by fold
};
CrossFit cross_fit(const Matrix& x, std::span<const double> y, std::span<const int> fold, Seed seed);

}  // namespace assay::predict
