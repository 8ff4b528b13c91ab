#pragma once
// Ensembles of regression trees, by XGBoost: its library fits, predicts and explains; nothing of that is done here.

#include "libanalysis/predict/learner.hpp"

#include <map>

namespace assay::predict {

/// `parameters` are XGBoost's; `rounds` boosting rounds, of which fits for fewer rounds are the beginning: one booster for all of `stops`.
std::vector<std::unique_ptr<Fitted>> fit_trees(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows,
                                               const std::map<std::string, std::string>& parameters, std::span<const int> stops, Seed seed);

/// @throws Error{format}
std::unique_ptr<Fitted> load_trees(const Json& json, std::size_t features);

}  // namespace assay::predict
