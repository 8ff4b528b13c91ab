// A random forest (Breiman 2001), by XGBoost: one round of many trees, each on a sample of rows, each node on a sample of features.

#include "libanalysis/predict/trees.hpp"

namespace assay::predict {
namespace {

std::vector<Json> settings() {
    std::vector<Json> all;
    for (const int leaf : {1, 3, 8}) all.push_back({{"leaf", leaf}});   // models in a leaf, at least
    return all;
}

std::vector<std::unique_ptr<Fitted>> fit_forest(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const Json> settings, Seed seed) {
    const int stops[] = {1};
    std::vector<std::unique_ptr<Fitted>> fits;
    for (const Json& setting : settings)
        fits.push_back(std::move(fit_trees(x, y, rows, {{"num_parallel_tree", "300"}, {"eta", "1"}, {"max_depth", "12"}, {"subsample", "0.63"}, {"colsample_bynode", "0.33"},
                                                        {"lambda", "0"}, {"min_child_weight", std::to_string(setting.at("leaf").get<int>())}}, stops, seed).front()));
    return fits;
}

}  // namespace

namespace learner_constants {

extern const Learner forest;
const Learner forest{
    .name = "forest",
    .summary = "random forest of 300 regression trees",
    .settings = settings,
    .fit = fit_forest,
    .load = load_trees,
};

}  // namespace learner_constants

}  // namespace assay::predict
