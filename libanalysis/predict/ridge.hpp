#pragma once
// Ridge regression (Hoerl & Kennard 1970) on standardised features.

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

}  // namespace assay::predict
