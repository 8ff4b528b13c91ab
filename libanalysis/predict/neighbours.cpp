// The mean of the nearest models, by distance in standardised features.

#include "libanalysis/core/error.hpp"
#include "libanalysis/predict/learner.hpp"
#include "libanalysis/predict/scaling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace assay::predict {
namespace {

class Neighbours final : public Fitted {
public:
    Neighbours(std::vector<Scaling> scalings, std::vector<std::vector<double>> points, std::vector<double> values, std::size_t count)
        : scalings_(std::move(scalings)), points_(std::move(points)), values_(std::move(values)), count_(std::clamp<std::size_t>(count, 1, values_.size())) {}

    double predict(std::span<const double> features) const override {
        std::vector<double> distance(points_.size(), 0);
        for (std::size_t i = 0; i < points_.size(); ++i)
            for (std::size_t c = 0; c < scalings_.size(); ++c) {
                const double step = scalings_[c].apply(features[c]) - points_[i][c];
                distance[i] += step * step;
            }
        std::vector<std::size_t> order(points_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return distance[a] != distance[b] ? distance[a] < distance[b] : a < b; });
        double sum = 0;
        for (std::size_t k = 0; k < count_; ++k) sum += values_[order[k]];
        return sum / static_cast<double>(count_);
    }
    std::vector<double> contributions(std::span<const double>) const override { return {}; }
    double base() const override { return std::accumulate(values_.begin(), values_.end(), 0.0) / static_cast<double>(values_.size()); }
    Json to_json() const override {
        Json json{{"neighbours", count_}, {"rule", scaling_rule}, {"scalings", Json::array()}, {"points", points_}, {"values", values_}};
        for (const Scaling& scaling : scalings_) json["scalings"].push_back(predict::to_json(scaling));
        return json;
    }

private:
    std::vector<Scaling> scalings_;
    std::vector<std::vector<double>> points_;   // standardised, a row a model
    std::vector<double> values_;
    std::size_t count_;
};

std::vector<Json> settings() {
    std::vector<Json> all;
    for (const int count : {1, 2, 3, 5, 8, 12, 20}) all.push_back({{"neighbours", count}});
    return all;
}

std::vector<std::unique_ptr<Fitted>> fit_neighbours(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const Json> settings, Seed) {
    const std::vector<Scaling> scalings = fit_scalings(x, rows);
    std::vector<std::vector<double>> points(rows.size(), std::vector<double>(x.columns));
    std::vector<double> values;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t c = 0; c < x.columns; ++c) points[i][c] = scalings[c].apply(x(rows[i], c));
        values.push_back(y[rows[i]]);
    }
    std::vector<std::unique_ptr<Fitted>> fits;
    for (const Json& setting : settings) fits.push_back(std::make_unique<Neighbours>(scalings, points, values, setting.at("neighbours").get<std::size_t>()));
    return fits;
}

std::unique_ptr<Fitted> load_neighbours(const Json& json, std::size_t features) {
    std::vector<Scaling> scalings;
    for (const Json& value : json.at("scalings")) scalings.push_back(scaling_from(value));
    auto points = json.at("points").get<std::vector<std::vector<double>>>();
    auto values = json.at("values").get<std::vector<double>>();
    const bool whole = scalings.size() == features && !values.empty() && points.size() == values.size() &&
                       std::all_of(points.begin(), points.end(), [&](const auto& point) { return point.size() == features; });
    if (!whole) throw Error(ErrorKind::format, {"points", "a value and as many coordinates as features for each", "another count"});
    return std::make_unique<Neighbours>(std::move(scalings), std::move(points), std::move(values), json.at("neighbours").get<std::size_t>());
}

}  // namespace

namespace learner_constants {

extern const Learner neighbours;
const Learner neighbours{
    .name = "neighbours",
    .summary = "mean of the nearest models in standardised features",
    .settings = settings,
    .fit = fit_neighbours,
    .load = load_neighbours,
};

}  // namespace learner_constants

}  // namespace assay::predict
