// A Gaussian process (Rasmussen & Williams 2006, chapter 2): models with like features have like accuracies. The kernel is the Laplacian
// of the mean absolute difference of standardised features: rough, so that it follows thresholds as trees do, and smooth enough to average.

#include "libanalysis/core/clones.hpp"
#include "libanalysis/core/error.hpp"
#include "libanalysis/predict/learner.hpp"
#include "libanalysis/predict/scaling.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

namespace assay::predict {
namespace {

ASSAY_CLONES void add_distances(double from, const double* to, double* sums, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) sums[i] += std::abs(from - to[i]);
}

// Training models in standardised features, [features, models]: a sum over features then runs along models, without reassociation.
struct Points {
    std::vector<Scaling> scalings;
    std::size_t models = 0;
    std::vector<double> values;

    std::size_t varying() const {
        const auto count = std::count_if(scalings.begin(), scalings.end(), [](const Scaling& scaling) { return scaling.deviation > 0; });
        return std::max<std::size_t>(1, static_cast<std::size_t>(count));
    }
    std::vector<double> coordinates(std::span<const double> features) const {
        std::vector<double> out;
        for (std::size_t c = 0; c < scalings.size(); ++c) out.push_back(scalings[c].apply(features[c]));
        return out;
    }
    /// Mean absolute difference over the features that vary, to the models from `first` on.
    void distances(std::span<const double> point, std::size_t first, std::span<double> out) const {
        std::fill(out.begin(), out.end(), 0.0);
        for (std::size_t c = 0; c < scalings.size(); ++c) {
            if (scalings[c].deviation == 0) continue;
            add_distances(point[c], values.data() + c * models + first, out.data(), out.size());
        }
        const auto count = static_cast<double>(varying());
        for (double& value : out) value /= count;
    }
    /// A row of distances for each row of coordinates, [rows, models]. Fits that differ in their setting alone share the points and are
    /// asked for the same rows one after another: the last answer is kept (not for two threads at once).
    const std::vector<double>& distances_to(std::vector<double> coordinates_of_rows) const {
        const std::size_t rows = coordinates_of_rows.size() / std::max<std::size_t>(1, scalings.size());
        if (asked_ != coordinates_of_rows || answer_.size() != rows * models) {
            answer_.assign(rows * models, 0);
            for (std::size_t i = 0; i < rows; ++i)
                distances(std::span(coordinates_of_rows).subspan(i * scalings.size(), scalings.size()), 0, std::span(answer_).subspan(i * models, models));
            asked_ = std::move(coordinates_of_rows);
        }
        return answer_;
    }

private:
    mutable std::vector<double> asked_, answer_;
};

class Gaussian final : public Fitted {
public:
    Gaussian(std::shared_ptr<const Points> points, std::vector<double> weights, double mean, double length)
        : points_(std::move(points)), weights_(std::move(weights)), mean_(mean), length_(length) {}

    double predict(std::span<const double> features) const override {
        std::vector<double> distance(points_->models);
        points_->distances(points_->coordinates(features), 0, distance);
        return at(distance);
    }
    std::vector<double> predict_rows(const Matrix& x, std::span<const std::size_t> rows) const override {
        std::vector<double> coordinates, out;
        for (const std::size_t row : rows) {
            const std::vector<double> point = points_->coordinates(x.row(row));
            coordinates.insert(coordinates.end(), point.begin(), point.end());
        }
        const std::vector<double>& distance = points_->distances_to(std::move(coordinates));
        for (std::size_t i = 0; i < rows.size(); ++i) out.push_back(at(std::span(distance).subspan(i * points_->models, points_->models)));
        return out;
    }
    std::vector<double> contributions(std::span<const double>) const override { return {}; }
    double base() const override { return mean_; }
    Json to_json() const override {
        Json json{{"kernel", "exp(-mean |difference| / length)"}, {"length", length_}, {"mean", mean_}, {"rule", scaling_rule},
                  {"scalings", Json::array()}, {"points", points_->values}, {"weights", weights_}};
        for (const Scaling& scaling : points_->scalings) json["scalings"].push_back(predict::to_json(scaling));
        return json;
    }

private:
    double at(std::span<const double> distance) const {
        double sum = 0;
        for (std::size_t i = 0; i < distance.size(); ++i) sum += weights_[i] * std::exp(-distance[i] / length_);
        return mean_ + sum;
    }

    std::shared_ptr<const Points> points_;
    std::vector<double> weights_;
    double mean_, length_;
};

// Noise: its variance in units of the process's. The simplest last: smooth, and mostly noise.
std::vector<Json> settings() {
    std::vector<Json> all;
    for (const double length : {1.0, 3.0})
        for (const double noise : {0.003, 0.02, 0.1, 0.5}) all.push_back({{"length", length}, {"noise", noise}});
    return all;
}

std::vector<std::unique_ptr<Fitted>> fit_gaussian(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const Json> settings, Seed) {
    auto points = std::make_shared<Points>();
    points->scalings = fit_scalings(x, rows);
    points->models = rows.size();
    points->values.resize(x.columns * rows.size());
    const auto n = static_cast<Eigen::Index>(rows.size());
    Eigen::VectorXd centred(n);
    std::vector<std::vector<double>> coordinates;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        coordinates.push_back(points->coordinates(x.row(rows[i])));
        for (std::size_t c = 0; c < x.columns; ++c) points->values[c * rows.size() + i] = coordinates.back()[c];
        centred[static_cast<Eigen::Index>(i)] = y[rows[i]];
    }
    const double mean = centred.mean();
    centred.array() -= mean;
    Eigen::MatrixXd distance = Eigen::MatrixXd::Zero(n, n);   // the lower triangle
    for (Eigen::Index j = 0; j < n; ++j)
        points->distances(coordinates[static_cast<std::size_t>(j)], static_cast<std::size_t>(j),
                          std::span(distance.col(j).data() + j, static_cast<std::size_t>(n - j)));
    std::map<double, Eigen::MatrixXd> kernels;
    std::vector<std::unique_ptr<Fitted>> fits;
    for (const Json& setting : settings) {
        const double length = setting.at("length").get<double>();
        Eigen::MatrixXd& kernel = kernels[length];
        if (kernel.size() == 0) {
            kernel = Eigen::MatrixXd::Zero(n, n);
            for (Eigen::Index j = 0; j < n; ++j)
                for (Eigen::Index i = j; i < n; ++i) kernel(i, j) = std::exp(-distance(i, j) / length);
        }
        Eigen::MatrixXd noisy = kernel;
        noisy.diagonal().array() += setting.at("noise").get<double>();
        const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>, Eigen::Lower> factor(noisy);
        const Eigen::VectorXd weights = factor.solve(centred);
        fits.push_back(std::make_unique<Gaussian>(points, std::vector<double>(weights.begin(), weights.end()), mean, length));
    }
    return fits;
}

std::unique_ptr<Fitted> load_gaussian(const Json& json, std::size_t features) {
    auto points = std::make_shared<Points>();
    for (const Json& value : json.at("scalings")) points->scalings.push_back(scaling_from(value));
    points->values = json.at("points").get<std::vector<double>>();
    auto weights = json.at("weights").get<std::vector<double>>();
    points->models = weights.size();
    const double length = json.at("length").get<double>(), mean = json.at("mean").get<double>();
    if (points->scalings.size() != features || weights.empty() || points->values.size() != features * weights.size() || !(length > 0) || !std::isfinite(mean))
        throw Error(ErrorKind::format, {"points", "a weight and as many coordinates as features for each, a length above 0", "another count or length"});
    return std::make_unique<Gaussian>(std::move(points), std::move(weights), mean, length);
}

}  // namespace

namespace learner_constants {

extern const Learner gaussian;
const Learner gaussian{
    .name = "gaussian",
    .summary = "Gaussian process with a Laplacian kernel over standardised features",
    .settings = settings,
    .fit = fit_gaussian,
    .load = load_gaussian,
};

}  // namespace learner_constants

}  // namespace assay::predict
