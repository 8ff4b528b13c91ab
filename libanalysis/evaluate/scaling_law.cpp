// Loss as a function of parameters N and training tokens D: L = E + A / N^alpha + B / D^beta (Hoffmann et al. 2022), by Huber's loss on
// logarithms, as Besiroglu et al. 2024 fit it; and the power law of parameters alone (Kaplan et al. 2020).

#include "libanalysis/core/error.hpp"
#include "libanalysis/evaluate/curve.hpp"
#include "libanalysis/evaluate/line_fit.hpp"

#include <Eigen/Core>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::evaluate {
namespace {

using Vector = Eigen::Matrix<double, 5, 1>;   // a, b, e, alpha, beta; A = exp(a) ...
using Square = Eigen::Matrix<double, 5, 5>;

struct Row { double log_n, log_d, log_loss; };

/// Sum of Huber's losses of log L - logsumexp(a - alpha ln N, b - beta ln D, e), and its gradient. The sum, never the mean: a mean of
/// numbers this small makes a minimiser stop early.
double objective(const std::vector<Row>& rows, const Vector& p, double delta, Vector* gradient) {
    double sum = 0;
    if (gradient) gradient->setZero();
    for (const Row& row : rows) {
        const double u = p[0] - p[3] * row.log_n, v = p[1] - p[4] * row.log_d, w = p[2], top = std::max({u, v, w});
        const double eu = std::exp(u - top), ev = std::exp(v - top), ew = std::exp(w - top), total = eu + ev + ew;
        const double residual = top + std::log(total) - row.log_loss, size = std::abs(residual);
        sum += size <= delta ? residual * residual / 2 : delta * (size - delta / 2);
        if (!gradient) continue;
        const double slope = std::clamp(residual, -delta, delta) / total;
        *gradient += Vector(slope * eu, slope * ev, slope * ew, -slope * eu * row.log_n, -slope * ev * row.log_d);
    }
    return sum;
}

struct Minimum { Vector at; double value = std::numeric_limits<double>::infinity(); };

/// BFGS (Nocedal & Wright 2006, algorithm 6.1) with a step that is halved until it gains enough; started afresh while that still gains.
Minimum minimise(const std::vector<Row>& rows, Vector at, double delta) {
    Vector gradient;
    double value = objective(rows, at, delta, &gradient);
    for (int restart = 0; restart < 6; ++restart) {
        const double before = value;
        Square inverse = Square::Identity();
        bool fresh = true;
        for (int iteration = 0; iteration < 400; ++iteration) {
            Vector direction = -(inverse * gradient);
            double slope = direction.dot(gradient);
            if (!(slope < 0)) {
                inverse.setIdentity();
                direction = -gradient;
                slope = direction.dot(gradient);
                fresh = true;
                if (!(slope < 0)) break;
            }
            double step = fresh ? std::min(1.0, 0.1 / (direction.norm() + 1e-300)) : 1.0;
            Vector next_gradient;
            double next = objective(rows, at + step * direction, delta, &next_gradient);
            int halvings = 0;
            while (!(next <= value + 1e-4 * step * slope) && halvings++ < 50) next = objective(rows, at + (step /= 2) * direction, delta, &next_gradient);
            if (!(next < value)) break;
            const Vector moved = step * direction, turned = next_gradient - gradient;
            const double curvature = moved.dot(turned);
            if (curvature > 1e-12 * moved.norm() * turned.norm()) {
                if (fresh) inverse *= curvature / turned.squaredNorm();
                const Square left = Square::Identity() - moved * turned.transpose() / curvature;
                inverse = left * inverse * left.transpose() + moved * moved.transpose() / curvature;
                fresh = false;
            }
            const bool still = value - next <= 1e-15 * value;
            at += moved;
            gradient = next_gradient;
            value = next;
            if (still) break;
        }
        if (before - value <= 1e-12 * value) break;
    }
    return {at, value};
}

/// From the best places of Hoffmann's grid.
Minimum fit_grid(const std::vector<Row>& rows, double delta, std::size_t starts) {
    std::vector<Minimum> grid;
    for (const double alpha : {0.0, 0.5, 1.0, 1.5, 2.0})
        for (const double beta : {0.0, 0.5, 1.0, 1.5, 2.0})
            for (const double e : {-1.0, -0.5, 0.0, 0.5, 1.0})
                for (const double a : {0.0, 5.0, 10.0, 15.0, 20.0, 25.0})
                    for (const double b : {0.0, 5.0, 10.0, 15.0, 20.0, 25.0}) {
                        const Vector at(a, b, e, alpha, beta);
                        grid.push_back({at, objective(rows, at, delta, nullptr)});
                    }
    starts = std::min(starts, grid.size());
    std::partial_sort(grid.begin(), grid.begin() + static_cast<std::ptrdiff_t>(starts), grid.end(), [](const Minimum& x, const Minimum& y) { return x.value < y.value; });
    Minimum best;
    for (std::size_t k = 0; k < starts; ++k)
        if (const Minimum found = minimise(rows, grid[k].at, delta); found.value < best.value) best = found;
    return best;
}

std::vector<double> numbers_at(const Vector& p) {
    return {std::exp(p[0]), std::exp(p[1]), std::exp(p[2]), p[3], p[4], p[4] / (p[3] + p[4])};
}

CurveFit fit(const CurveProblem& problem) {
    if (problem.has("tokens") == problem.has("flop"))
        throw Error(ErrorKind::usage, {"scaling-law", "one of tokens and flop", problem.has("tokens") ? "both" : "neither", "flop gives tokens as flop / (6 parameters)"});
    const std::string_view second = problem.has("tokens") ? "tokens" : "flop";
    std::vector<std::size_t> used = problem.complete({"parameters", second, "loss"});
    std::erase_if(used, [&](std::size_t row) { return !(problem.column("parameters")[row] > 0 && problem.column(second)[row] > 0 && problem.column("loss")[row] > 0); });
    CurveFit fit{.verdict = {}, .rows = 0, .numbers = {}};
    const double asked = problem.setting("drop-highest"), delta = problem.setting("delta");
    if (!(asked >= 0) || !(delta > 0)) throw Error(ErrorKind::usage, {"scaling-law", "drop-highest of at least 0, delta above 0", fmt::format("{:g} and {:g}", asked, delta)});
    const auto drop = static_cast<std::size_t>(asked);
    if (drop > 0 && drop < used.size()) {   // strictly below the drop-th highest loss
        std::vector<double> losses;
        for (const std::size_t row : used) losses.push_back(problem.column("loss")[row]);
        std::sort(losses.rbegin(), losses.rend());
        std::erase_if(used, [&](std::size_t row) { return !(problem.column("loss")[row] < losses[drop - 1]); });
        fit.notes.push_back(fmt::format("the rows with the {} highest losses are left out", drop));
    }
    if (used.size() < 10) throw Error(ErrorKind::data, {"scaling-law", "at least ten rows with positive numbers", std::to_string(used.size())});
    const auto rows_of = [&](std::span<const std::size_t> which) {
        std::vector<Row> rows;
        for (const std::size_t row : which) {
            const double n = problem.column("parameters")[row], d = second == "tokens" ? problem.column("tokens")[row] : problem.column("flop")[row] / (6 * n);
            rows.push_back({std::log(n), std::log(d), std::log(problem.column("loss")[row])});
        }
        return rows;
    };
    const std::vector<Row> rows = rows_of(used);
    fit.rows = rows.size();
    const Minimum best = fit_grid(rows, delta, 60);
    // A replicate starts where the table's own fit ended.
    const std::vector<Interval> intervals = resampled(problem, used, [&](std::span<const std::size_t> drawn) { return numbers_at(minimise(rows_of(drawn), best.at, delta).at); });
    const char* const names[] = {"A", "B", "E", "alpha", "beta", "optimal_parameters_exponent"};
    const std::vector<double> found = numbers_at(best.at);
    for (std::size_t i = 0; i < found.size(); ++i) fit.add(names[i], found[i], i < intervals.size() ? &intervals[i] : nullptr);
    fit.add("objective", best.value);
    std::vector<double> log_n, log_loss;
    for (const Row& row : rows) {
        log_n.push_back(row.log_n);
        log_loss.push_back(row.log_loss);
    }
    const Line kaplan = fit_line(log_n, log_loss);   // L = (N_c / N)^exponent
    fit.add("power_law_exponent", -kaplan.slope);
    fit.add("power_law_r2", kaplan.r2);
    fit.verdict = fmt::format("loss = {:.4f} + {:.4g} / N^{:.4f} + {:.4g} / D^{:.4f}; for a given amount of computing the best N goes as C^{:.3f}", found[2], found[0], found[3], found[1],
                              found[4], found[5]);
    fit.notes.push_back("power_law: parameters alone, by least squares on logarithms over all rows, not over those that were trained to the end");
    return fit;
}

}  // namespace

namespace curve_constants {

extern const Curve scaling_law;
const Curve scaling_law{
    .name = "scaling-law",
    .summary = "loss = E + A / N^alpha + B / D^beta by Huber's loss on logarithms, with bootstrap intervals, beside a power law of parameters alone",
    .source = "Hoffmann et al. 2022; Besiroglu et al. 2024; Kaplan et al. 2020",
    .inputs = [] {
        return std::vector<CurveInput>{{"parameters", "N"},
                                       {"tokens", "D, training examples that a model saw", false},
                                       {"flop", "of training: D is then flop / (6 N)", false},
                                       {"loss", "in nats"}};
    },
    .settings = [] {
        return std::vector<CurveSetting>{{"drop-highest", "keep only losses strictly below the so many-th highest", 0}, {"delta", "of Huber's loss", 1e-3}};
    },
    .fit = fit,
};

}  // namespace curve_constants

}  // namespace assay::evaluate
