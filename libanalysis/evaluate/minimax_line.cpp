#include "libanalysis/evaluate/minimax_line.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace assay::evaluate {
namespace {

constexpr double golden = 0.6180339887498949;

// Minimum of a convex function on [low, high].
template <class F>
double argmin(double low, double high, const F& f) {
    double left = high - golden * (high - low), right = low + golden * (high - low), at_left = f(left), at_right = f(right);
    for (int step = 0; step < 120 && high - low > 1e-13 * (1 + std::abs(low) + std::abs(high)); ++step) {
        if (at_left <= at_right) {
            high = right;
            right = left;
            at_right = at_left;
            at_left = f(left = high - golden * (high - low));
        } else {
            low = left;
            left = right;
            at_left = at_right;
            at_right = f(right = low + golden * (high - low));
        }
    }
    return 0.5 * (low + high);
}

// For a fixed slope every error is (b - m)^2 + v with m, v of the environment: the best b lies between the smallest and largest m.
Line best_intercept(std::span<const SquaredError> active, double slope) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const SquaredError& e : active) {
        low = std::min(low, e.y - slope * e.x);
        high = std::max(high, e.y - slope * e.x);
    }
    const auto largest = [&](double b) {
        double worst = 0;
        for (const SquaredError& e : active) worst = std::max(worst, e.at(slope, b));
        return worst;
    };
    const double b = argmin(low, high, largest);
    return {slope, b, largest(b)};
}

Line solve(std::span<const SquaredError> active, double largest_slope) {
    if (largest_slope == 0) return best_intercept(active, 0);
    const auto worst = [&](double slope) { return best_intercept(active, slope).worst; };
    double bound = 1;   // convex: once doubling does not help, the minimum lies below
    while (bound < 1e12 && worst(2 * bound) < worst(bound)) bound *= 2;
    const double slope = argmin(0.0, std::min(2 * bound, largest_slope), worst);
    const Line inside = best_intercept(active, slope), at_zero = best_intercept(active, 0);
    return inside.worst <= at_zero.worst ? inside : at_zero;
}

}  // namespace

void SquaredError::add(double u, double v) {
    count += 1;
    x += u;
    y += v;
    xx += u * u;
    xy += u * v;
    yy += v * v;
}

SquaredError SquaredError::mean() const { return {1, x / count, y / count, xx / count, xy / count, yy / count}; }

// Few environments decide: start with one, solve, add the one that is violated most, until none is.
Line minimax_line(std::span<const SquaredError> environments, double largest_slope) {
    std::vector<SquaredError> active;
    Line line{};
    const auto violated = [&] {
        return std::max_element(environments.begin(), environments.end(), [&](const SquaredError& p, const SquaredError& q) {
            return p.at(line.slope, line.intercept) < q.at(line.slope, line.intercept);
        });
    };
    for (std::size_t round = 0; round <= environments.size(); ++round) {
        const auto worst = violated();
        const double error = worst->at(line.slope, line.intercept);
        if (!active.empty() && error <= line.worst * (1 + 1e-10) + 1e-300) break;
        active.push_back(*worst);
        line = solve(active, largest_slope);
    }
    line.worst = violated()->at(line.slope, line.intercept);
    return line;
}

}  // namespace assay::evaluate
