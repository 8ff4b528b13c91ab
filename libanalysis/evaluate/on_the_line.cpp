// Accuracy on shifted data against accuracy on the data a model was made for: on which scale do models lie on a line (Recht et al. 2019,
// Miller et al. 2021)? And without labels: does the line of agreements between models predict it (Baek et al. 2022)?

#include "libanalysis/core/error.hpp"
#include "libanalysis/evaluate/curve.hpp"
#include "libanalysis/evaluate/kendall.hpp"
#include "libanalysis/evaluate/line_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::evaluate {
namespace {

struct Link { const char* name; double (*apply)(double); };
const Link links[] = {{"linear", [](double p) { return p; }}, {"probit", normal_quantile}, {"logit", [](double p) { return std::log(p / (1 - p)); }}};

struct Pairs { std::vector<double> x, y; std::size_t dropped = 0; };

Pairs pairs_of(const CurveProblem& problem, std::string_view reference, std::string_view shifted) {
    Pairs pairs;
    for (const std::size_t row : problem.complete({reference, shifted})) {
        const double x = problem.column(reference)[row] / problem.setting("unit"), y = problem.column(shifted)[row] / problem.setting("unit");
        if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1))
            throw Error(ErrorKind::data, {"on-the-line", "shares between 0 and 1", fmt::format("{:g} and {:g}", x, y), "--set unit=100 where the table has percentages"});
        if (x == 0 || x == 1 || y == 0 || y == 1) {
            ++pairs.dropped;
            continue;
        }
        pairs.x.push_back(x);
        pairs.y.push_back(y);
    }
    return pairs;
}

Line on(const Link& link, std::span<const double> x, std::span<const double> y) {
    std::vector<double> u, v;
    for (const double value : x) u.push_back(link.apply(value));
    for (const double value : y) v.push_back(link.apply(value));
    return fit_line(u, v);
}

CurveFit fit(const CurveProblem& problem) {
    const Pairs pairs = pairs_of(problem, "accuracy", "shifted_accuracy");
    const std::size_t n = pairs.x.size();
    if (n < 3) throw Error(ErrorKind::data, {"on-the-line", "at least three models with both accuracies, neither 0 nor 1", std::to_string(n)});
    CurveFit fit{.verdict = {}, .rows = n, .numbers = {}};
    std::vector<std::size_t> all(n);
    for (std::size_t i = 0; i < n; ++i) all[i] = i;
    std::size_t best = 0;
    std::vector<Line> lines;
    for (const Link& link : links) lines.push_back(on(link, pairs.x, pairs.y));
    if (std::isnan(lines.front().slope)) throw Error(ErrorKind::data, {"on-the-line", "models of different accuracy", "one accuracy"});
    const std::vector<Interval> intervals = resampled(problem, all, [&](std::span<const std::size_t> drawn) {
        std::vector<double> x, y, out;
        for (const std::size_t i : drawn) {
            x.push_back(pairs.x[i]);
            y.push_back(pairs.y[i]);
        }
        for (const Link& link : links) {
            const Line line = on(link, x, y);
            out.insert(out.end(), {line.slope, line.intercept, line.r2});
        }
        return out;
    });
    for (std::size_t k = 0; k < std::size(links); ++k) {
        const double values[] = {lines[k].slope, lines[k].intercept, lines[k].r2};
        const char* const names[] = {"slope", "intercept", "r2"};
        for (std::size_t i = 0; i < 3; ++i)
            fit.add(fmt::format("{}_{}", links[k].name, names[i]), values[i], intervals.empty() ? nullptr : &intervals[3 * k + i]);
        if (lines[k].r2 > lines[best].r2) best = k;
    }
    double drop = 0;
    for (std::size_t i = 0; i < n; ++i) drop += (pairs.x[i] - pairs.y[i]) / static_cast<double>(n);
    fit.add("mean_drop", drop);
    fit.add("kendall", kendall_tau_b(pairs.x, pairs.y));
    const double r2 = lines[best].r2;
    fit.verdict = r2 >= problem.setting("line") ? fmt::format("on a line, straightest on the {} scale: slope {:.3f}, intercept {:.3f}, R2 {:.4f}", links[best].name, lines[best].slope, lines[best].intercept, r2)
                                                : fmt::format("no line: R2 is at most {:.3f} ({} scale)", r2, links[best].name);
    if (pairs.dropped > 0) fit.notes.push_back(fmt::format("{} models left out: an accuracy of 0 or 1 has no probit", pairs.dropped));

    if (problem.has("agreement") != problem.has("shifted_agreement"))
        throw Error(ErrorKind::usage, {"on-the-line", "agreement and shifted_agreement together", "one of them"});
    if (problem.has("agreement")) {
        const Pairs agreements = pairs_of(problem, "agreement", "shifted_agreement");
        if (agreements.x.size() < 3) throw Error(ErrorKind::data, {"on-the-line", "at least three pairs of models with both agreements", std::to_string(agreements.x.size())});
        const Line line = on(links[1], agreements.x, agreements.y);
        double error = 0;
        for (std::size_t i = 0; i < n; ++i)
            error += std::abs(normal_distribution(line.intercept + line.slope * normal_quantile(pairs.x[i])) - pairs.y[i]) / static_cast<double>(n);
        fit.add("agreement_slope", line.slope);
        fit.add("agreement_intercept", line.intercept);
        fit.add("agreement_r2", line.r2);
        fit.add("agreement_error", error);
        fit.verdict += fmt::format("; the line of {} agreements (slope {:.3f}, intercept {:.3f}) predicts shifted accuracies within {:.2f} points on average", agreements.x.size(), line.slope,
                                   line.intercept, 100 * error);
    }
    return fit;
}

}  // namespace

namespace curve_constants {

extern const Curve on_the_line;
const Curve on_the_line{
    .name = "on-the-line",
    .summary = "accuracy under shift against accuracy without: linear, probit and logit lines, which is straightest, and whether agreements between models predict it",
    .source = "Recht et al. 2019; Miller et al. 2021; Baek et al. 2022",
    .inputs = [] {
        return std::vector<CurveInput>{{"accuracy", "on the data a model was made for"},
                                       {"shifted_accuracy", "on shifted data"},
                                       {"agreement", "share of equal answers of two models on the first data; rows of pairs may stand below those of models", false},
                                       {"shifted_agreement", "the same on shifted data", false}};
    },
    .settings = [] {
        return std::vector<CurveSetting>{{"unit", "what an accuracy of 1 is in the table: 100 for percentages", 1}, {"line", "R2 from which models count as on a line", 0.9}};
    },
    .fit = fit,
};

}  // namespace curve_constants

}  // namespace assay::evaluate
