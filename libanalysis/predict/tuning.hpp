#pragma once
// Choosing a learner's setting, and predicting models by fits that did not see them.

#include "libanalysis/predict/learner.hpp"

namespace assay::predict {

/// `fold[i]` is the fold of row i. The setting with the smallest squared error over held-out folds; with fewer than two folds among
/// `rows`, five seeded folds by model take their place. More than four folds are put together, whole, into four. The same for any number of threads.
Json choose_setting(const Learner& learner, const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const int> fold, Seed seed,
                    int threads = 1);

/// Every row predicted by a fit that saw no row of its fold: scalings, coefficients and setting come from the other folds (nested
/// cross-validation).
struct CrossFit {
    std::vector<double> predicted;                   ///< by row
    std::vector<std::vector<double>> contributions;  ///< by row; empty rows where the learner has none
    std::vector<Json> setting;                       ///< by fold
};
CrossFit cross_fit(const Learner& learner, const Matrix& x, std::span<const double> y, std::span<const int> fold, Seed seed, int threads = 1);

}  // namespace assay::predict
