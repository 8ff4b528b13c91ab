// Boosted trees that learn from pairs which of two models is better (LambdaMART's objective without its weights: Burges 2010, by
// XGBoost's rank:pairwise), brought to the scale of the target by a line through scores of models that the trees did not see.

#include "libanalysis/core/error.hpp"
#include "libanalysis/evaluate/line_fit.hpp"
#include "libanalysis/predict/trees.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace assay::predict {
namespace {

constexpr std::size_t parts = 4;

class Ranked final : public Fitted {
public:
    Ranked(std::unique_ptr<Fitted> scores, double offset, double slope) : scores_(std::move(scores)), offset_(offset), slope_(slope) {}
    double predict(std::span<const double> features) const override { return offset_ + slope_ * scores_->predict(features); }
    std::vector<double> predict_rows(const Matrix& x, std::span<const std::size_t> rows) const override {
        std::vector<double> out = scores_->predict_rows(x, rows);
        for (double& value : out) value = offset_ + slope_ * value;
        return out;
    }
    std::vector<double> contributions(std::span<const double> features) const override {
        std::vector<double> parts_of = scores_->contributions(features);
        for (double& part : parts_of) part *= slope_;
        return parts_of;
    }
    double base() const override { return offset_ + slope_ * scores_->base(); }
    Json to_json() const override { return {{"scores", scores_->to_json()}, {"offset", offset_}, {"slope", slope_}}; }

private:
    std::unique_ptr<Fitted> scores_;
    double offset_, slope_;
};

// The simplest last.
std::vector<Json> settings() {
    std::vector<Json> all;
    for (const int rounds : {200, 60}) all.push_back({{"rounds", rounds}});
    return all;
}

std::vector<std::unique_ptr<Fitted>> trees_of(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const int> stops, Seed seed) {
    return fit_trees(x, y, rows, {{"objective", "rank:pairwise"}, {"max_depth", "3"}, {"eta", "0.1"}, {"subsample", "0.8"}, {"colsample_bynode", "0.4"}, {"lambda", "1"}}, stops, seed);
}

std::vector<std::unique_ptr<Fitted>> fit_ranked(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const Json> settings, Seed seed) {
    std::vector<int> stops;
    for (const Json& setting : settings) stops.push_back(setting.at("rounds").get<int>());
    const std::vector<std::int64_t> order = permutation(seed.child("parts"), static_cast<std::int64_t>(rows.size()));
    std::vector<std::vector<double>> scores(stops.size(), std::vector<double>(rows.size()));
    for (std::size_t part = 0; part < parts; ++part) {
        std::vector<std::size_t> training, held_out, places;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto place = static_cast<std::size_t>(order[i]);
            if (i % parts != part) training.push_back(rows[place]);
            else {
                held_out.push_back(rows[place]);
                places.push_back(place);
            }
        }
        const auto fits = trees_of(x, y, training, stops, seed.child(part));
        for (std::size_t k = 0; k < fits.size(); ++k) {
            const std::vector<double> of_part = fits[k]->predict_rows(x, held_out);
            for (std::size_t i = 0; i < places.size(); ++i) scores[k][places[i]] = of_part[i];
        }
    }
    auto whole = trees_of(x, y, rows, stops, seed);
    std::vector<double> truths;
    for (const std::size_t row : rows) truths.push_back(y[row]);
    const double mean_truth = std::accumulate(truths.begin(), truths.end(), 0.0) / static_cast<double>(truths.size());
    std::vector<std::unique_ptr<Fitted>> fits;
    for (std::size_t k = 0; k < stops.size(); ++k) {
        evaluate::Line line = evaluate::fit_line(scores[k], truths);
        if (std::isnan(line.slope)) line = {.slope = 0, .intercept = mean_truth};   // the scores do not vary
        fits.push_back(std::make_unique<Ranked>(std::move(whole[k]), line.intercept, line.slope));
    }
    return fits;
}

std::unique_ptr<Fitted> load_ranked(const Json& json, std::size_t features) {
    const double offset = json.at("offset").get<double>(), slope = json.at("slope").get<double>();
    if (!std::isfinite(offset) || !std::isfinite(slope)) throw Error(ErrorKind::format, {"offset and slope", "finite numbers", json.dump().substr(0, 80)});
    return std::make_unique<Ranked>(load_trees(json.at("scores"), features), offset, slope);
}

}  // namespace

namespace learner_constants {

extern const Learner ranked;
const Learner ranked{
    .name = "ranked",
    .summary = "boosted trees that learn the order of pairs of models",
    .settings = settings,
    .fit = fit_ranked,
    .load = load_ranked,
};

}  // namespace learner_constants

}  // namespace assay::predict
