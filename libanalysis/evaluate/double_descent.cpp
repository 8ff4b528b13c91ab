// Test error over size: down, up to a peak where the training data are just fitted, and down again (Nakkiran et al. 2019). And whether
// tuned regularisation takes the peak away (Nakkiran et al. 2020).

#include "libanalysis/core/error.hpp"
#include "libanalysis/evaluate/curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace assay::evaluate {
namespace {

struct Point { double size = 0, value = 0; };
struct Means {
    std::vector<Point> points;    ///< by size, ascending
    double noise = missing;       ///< standard error of a mean, pooled over sizes that have several runs
};

Means means_of(const CurveProblem& problem, std::string_view input) {
    std::map<double, std::vector<double>> by_size;
    for (const std::size_t row : problem.complete({"size", input})) by_size[problem.column("size")[row]].push_back(problem.column(input)[row]);
    Means means;
    double squares = 0, freedom = 0, runs = 0;
    for (const auto& [size, values] : by_size) {
        double mean = 0;
        for (const double value : values) mean += value / static_cast<double>(values.size());
        means.points.push_back({size, mean});
        for (const double value : values) squares += (value - mean) * (value - mean);
        freedom += static_cast<double>(values.size()) - 1;
        runs += static_cast<double>(values.size());
    }
    if (freedom > 0) means.noise = std::sqrt(squares / freedom / (runs / static_cast<double>(by_size.size())));
    return means;
}

/// The peak that stands out most above the lowest points on both its sides.
struct Peak { std::size_t at = 0, before = 0, after = 0; double prominence = -1; };

Peak peak_of(const std::vector<Point>& points) {
    Peak best;
    const auto value = [](const Point& a, const Point& b) { return a.value < b.value; };
    for (std::size_t i = 1; i + 1 < points.size(); ++i) {
        const auto middle = points.begin() + static_cast<std::ptrdiff_t>(i);
        const auto before = std::min_element(points.begin(), middle, value), after = std::min_element(middle + 1, points.end(), value);
        const double prominence = points[i].value - std::max(before->value, after->value);
        if (prominence > best.prominence)
            best = {i, static_cast<std::size_t>(before - points.begin()), static_cast<std::size_t>(after - points.begin()), prominence};
    }
    return best;
}

CurveFit fit(const CurveProblem& problem) {
    const Means test = means_of(problem, "test_error");
    const std::vector<Point>& points = test.points;
    if (points.size() < 4) throw Error(ErrorKind::data, {"double-descent", "at least four sizes with a test error", std::to_string(points.size())});
    CurveFit fit{.verdict = {}, .rows = problem.complete({"size", "test_error"}).size(), .numbers = {}};
    double noise = problem.setting("noise");
    if (std::isnan(noise)) noise = test.noise;
    const bool known = std::isfinite(noise);
    if (!known) fit.notes.push_back("every size has one run and no --set noise is given: how far a peak must stand out is not known, any counts");
    const Peak peak = peak_of(points);
    const bool stands_out = peak.prominence > 0 && (!known || peak.prominence > 3 * noise);
    if (!stands_out) {
        fit.verdict = peak.prominence > 0 ? fmt::format("no double descent: the largest peak stands out by {:.4g}, not by three standard errors ({:.2g} each)", peak.prominence, noise)
                                          : "no double descent: test error has no peak between lower values on both sides";
    } else {
        fit.add("first_minimum_size", points[peak.before].size);
        fit.add("first_minimum", points[peak.before].value);
        fit.add("peak_size", points[peak.at].size);
        fit.add("peak", points[peak.at].value);
        fit.add("second_minimum_size", points[peak.after].size);
        fit.add("second_minimum", points[peak.after].value);
        fit.add("prominence", peak.prominence);
        const auto below = std::find_if(points.begin() + static_cast<std::ptrdiff_t>(peak.at), points.end(),
                                        [&](const Point& point) { return point.value < points[peak.before].value; });
        fit.add("below_first_minimum_from", below == points.end() ? missing : below->size);
        fit.verdict = fmt::format("double descent: test error {:.4g} at size {:g}, up to {:.4g} at {:g}, down to {:.4g} at {:g}", points[peak.before].value,
                                  points[peak.before].size, points[peak.at].value, points[peak.at].size, points[peak.after].value, points[peak.after].size);
    }
    fit.add("noise", noise);
    if (problem.has("train_error")) {
        const Means train = means_of(problem, "train_error");
        const double epsilon = problem.setting("epsilon");
        const auto fits = std::find_if(train.points.begin(), train.points.end(), [&](const Point& point) { return point.value <= epsilon; });
        fit.add("threshold_size", fits == train.points.end() ? missing : fits->size);
        if (fits == train.points.end()) {
            fit.notes.push_back(fmt::format("no size reaches a train error of {:g}: there is no interpolation threshold", epsilon));
        } else if (stands_out) {
            const auto place = std::lower_bound(points.begin(), points.end(), fits->size, [](const Point& point, double size) { return point.size < size; }) - points.begin();
            const auto apart = std::abs(place - static_cast<std::ptrdiff_t>(peak.at));
            fit.add("steps_from_threshold", static_cast<double>(apart));
            fit.verdict += apart <= 1 ? fmt::format("; the peak is where train error first reaches {:g} (size {:g})", epsilon, fits->size)
                                      : fmt::format("; the peak is {} grid steps from size {:g}, where train error first reaches {:g}", apart, fits->size, epsilon);
        }
    }
    if (problem.has("regularised_test_error")) {
        const Means regularised = means_of(problem, "regularised_test_error");
        const double left = std::max(regularised.points.size() < 3 ? 0.0 : peak_of(regularised.points).prominence, 0.0);
        fit.add("prominence_regularised", left);
        if (stands_out) {
            fit.add("prominence_ratio", left / peak.prominence);
            fit.verdict += fmt::format("; with regularisation {:.3g} of the peak is left", left / peak.prominence);
        }
    }
    return fit;
}

}  // namespace

namespace curve_constants {

extern const Curve double_descent;
const Curve double_descent{
    .name = "double-descent",
    .summary = "test error over width, epochs or training examples: first minimum, peak, second minimum, and whether the peak is where the training data are just fitted",
    .source = "Nakkiran et al. 2019; Nakkiran, Venkat, Kakade, Ma 2020",
    .inputs = [] {
        return std::vector<CurveInput>{{"size", "width, parameters, epochs or training examples; several rows of one size are runs of it"},
                                       {"test_error", "a share"},
                                       {"train_error", "a share, for the interpolation threshold", false},
                                       {"regularised_test_error", "the same sizes with tuned regularisation", false}};
    },
    .settings = [] {
        return std::vector<CurveSetting>{{"epsilon", "train error at which the training data count as fitted", 0.1},
                                         {"noise", "standard error of a test error (default: from runs of one size)", missing}};
    },
    .fit = fit,
};

}  // namespace curve_constants

}  // namespace assay::evaluate
