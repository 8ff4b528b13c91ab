#include "libanalysis/spectral/marchenko_pastur.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace assay::spectral {
namespace {

using std::numbers::pi;

/// The estimated density where it is not negligible, and the place of its mode.
struct Density { std::vector<double> x, y; double mode = 0, last = 0; };

Density density_of(std::vector<double> values) {
    constexpr double width = 0.1, negligible = 0.01;
    constexpr std::size_t points = 1000;
    std::sort(values.begin(), values.end());
    const double end = values.back() + 0.5;
    Density density;
    double highest = 0;
    for (std::size_t i = 0; i < points; ++i) {
        const double x = end * static_cast<double>(i) / (points - 1);
        double sum = 0;
        for (auto near = std::lower_bound(values.begin(), values.end(), x - width); near != values.end() && *near <= x + width; ++near)
            sum += 1 - std::abs(x - *near) / width;
        const double y = sum / (width * static_cast<double>(values.size()));
        if (!(y > negligible)) continue;
        density.x.push_back(x);
        density.y.push_back(y);
        if (y > highest) {
            highest = y;
            density.mode = x;
        }
    }
    if (!density.x.empty()) density.last = density.x.back();
    return density;
}

/// Squares of what the law with this scale misses. A law whose edges leave out the mode or reach past the values is none: 1000 a point.
double misfit(const Density& density, double sigma, double ratio) {
    const bool square = ratio == 1;
    const auto [lower, upper] = marchenko_pastur_edges(ratio);
    const double scale = sigma * sigma;
    if (!square && (scale * upper < density.mode || scale * upper > density.last || scale * lower > density.mode))
        return 1e6 * static_cast<double>(density.x.size());
    double sum = 0;
    for (std::size_t i = 0; i < density.x.size(); ++i) {
        const double x = density.x[i];
        // The quarter circle keeps its radius 2 whatever its scale, as in WeightWatcher.
        const double law = square ? std::sqrt(std::max(0.0, 4 - x * x)) / (pi * scale) : marchenko_pastur_density(x / scale, ratio) / scale;
        sum += (law - density.y[i]) * (law - density.y[i]);
    }
    return sum;
}

/// Where a function with one minimum in the interval has it, to 1e-6 of the interval.
template <class F>
double golden_section(F function, double low, double high) {
    constexpr double share = 1 / std::numbers::phi;
    const double enough = 1e-6 * (high - low);
    double left = high - share * (high - low), right = low + share * (high - low);
    double at_left = function(left), at_right = function(right);
    while (high - low > enough) {
        if (at_left < at_right) {
            high = right;
            right = left;
            at_right = at_left;
            left = high - share * (high - low);
            at_left = function(left);
        } else {
            low = left;
            left = right;
            at_left = at_right;
            right = low + share * (high - low);
            at_right = function(right);
        }
    }
    return (low + high) / 2;
}

double best_scale(const Density& density, double ratio, double guess) {
    const double step = 0.01 * guess;
    double best = 0.05 * guess, least = misfit(density, best, ratio);
    for (int i = 1; i < 195; ++i) {
        const double sigma = (0.05 + 0.01 * i) * guess, sum = misfit(density, sigma, ratio);
        if (sum < least) {
            least = sum;
            best = sigma;
        }
    }
    const double sigma = golden_section([&](double s) { return misfit(density, s, ratio); }, std::max(best - step, 0.01 * step), best + step);
    return misfit(density, sigma, ratio) < least ? sigma : best;
}

}  // namespace

MarchenkoPasturEdges marchenko_pastur_edges(double ratio) {
    const double root = std::sqrt(ratio);
    return {(1 - root) * (1 - root), (1 + root) * (1 + root)};
}

double marchenko_pastur_density(double x, double ratio) {
    const auto [lower, upper] = marchenko_pastur_edges(ratio);
    if (!(x > lower && x < upper)) return 0;
    return std::sqrt((upper - x) * (x - lower)) / (2 * pi * ratio * x);
}

double marchenko_pastur_distribution(double x, double ratio) {
    const auto [lower, upper] = marchenko_pastur_edges(ratio);
    if (!(x > lower)) return 0;
    if (!(x < upper)) return 1;
    const double r = std::sqrt((upper - x) / (x - lower));
    double sum = pi * ratio + std::sqrt((upper - x) * (x - lower)) - (1 + ratio) * std::atan((r * r - 1) / (2 * r));
    if (ratio < 1) sum += (1 - ratio) * std::atan((lower * r * r - upper) / (2 * (1 - ratio) * r));
    return std::clamp(sum / (2 * pi * ratio), 0.0, 1.0);
}

double marchenko_pastur_distance(std::span<const double> values, double ratio) {
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    const auto n = static_cast<double>(sorted.size());
    double largest = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const double law = marchenko_pastur_distribution(sorted[i], ratio);
        largest = std::max({largest, std::abs(law - static_cast<double>(i) / n), std::abs(law - static_cast<double>(i + 1) / n)});
    }
    return largest;
}

Bulk fit_bulk(std::span<const double> values, std::size_t rows, std::size_t cols) {
    double sum = 0;
    for (const double value : values) sum += value;
    if (!(sum > 0)) throw Error(ErrorKind::data, {"bulk of the eigenvalues", "values above 0", "zeros"});
    std::vector<double> scaled(values.begin(), values.end());
    for (double& value : scaled) value *= static_cast<double>(values.size()) / sum;
    const double top = *std::max_element(scaled.begin(), scaled.end());
    const double ratio = static_cast<double>(cols) / static_cast<double>(rows), root = std::sqrt(ratio);
    std::vector<double> fitted = scaled;
    if (rows == cols)
        for (double& value : fitted) value = std::sqrt(std::max(value, 0.0));
    Bulk bulk;
    bulk.sigma = best_scale(density_of(std::move(fitted)), ratio, std::sqrt(top) / (1 + root));
    const double edge = bulk.sigma * bulk.sigma * (1 + root) * (1 + root);
    const double width = std::sqrt(root * std::pow(edge, 2.0 / 3) * std::pow(static_cast<double>(cols), -2.0 / 3));
    bulk.soft_rank = edge / top;
    bulk.spikes = static_cast<std::size_t>(std::count_if(scaled.begin(), scaled.end(), [&](double value) { return value > edge + width; }));
    return bulk;
}

}  // namespace assay::spectral
