// Gradient boosting of regression trees (Friedman 2001), by XGBoost (Chen & Guestrin 2016).

#include "libanalysis/predict/trees.hpp"

#include <map>

namespace assay::predict {
namespace {

// The simplest last.
std::vector<Json> settings() {
    std::vector<Json> all;
    for (const int depth : {5, 3})
        for (const int rounds : {300, 150, 60}) all.push_back({{"depth", depth}, {"rounds", rounds}});
    return all;
}

std::vector<std::unique_ptr<Fitted>> fit_boosted(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const Json> settings, Seed seed) {
    std::map<int, std::vector<std::size_t>> by_depth;   // one booster a depth: fewer rounds are its beginning
    for (std::size_t k = 0; k < settings.size(); ++k) by_depth[settings[k].at("depth").get<int>()].push_back(k);
    std::vector<std::unique_ptr<Fitted>> fits(settings.size());
    for (const auto& [depth, which] : by_depth) {
        std::vector<int> stops;
        for (const std::size_t k : which) stops.push_back(settings[k].at("rounds").get<int>());
        auto part = fit_trees(x, y, rows, {{"max_depth", std::to_string(depth)}, {"eta", "0.05"}, {"subsample", "0.8"}, {"colsample_bynode", "0.4"},
                                           {"min_child_weight", "3"}, {"lambda", "1"}}, stops, seed);
        for (std::size_t i = 0; i < which.size(); ++i) fits[which[i]] = std::move(part[i]);
    }
    return fits;
}

}  // namespace

namespace learner_constants {

extern const Learner boosted;
const Learner boosted{
    .name = "boosted",
    .summary = "gradient-boosted regression trees",
    .settings = settings,
    .fit = fit_boosted,
    .load = load_trees,
};

}  // namespace learner_constants

}  // namespace assay::predict
