#include "libanalysis/evaluate/line_fit.hpp"

#include "libanalysis/evaluate/frame.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace assay::evaluate {

Line fit_line(std::span<const double> x, std::span<const double> y) {
    const auto n = static_cast<double>(x.size());
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        mean_x += x[i] / n;
        mean_y += y[i] / n;
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    // Equal numbers whose mean is off by rounding do not vary.
    const auto varies = [](std::span<const double> values) { return std::any_of(values.begin(), values.end(), [&](double value) { return value != values.front(); }); };
    if (!varies(x)) return {missing, missing, missing};
    const double slope = xy / xx;
    return {slope, mean_y - slope * mean_x, varies(y) ? xy * xy / (xx * yy) : missing};
}

double normal_distribution(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double normal_quantile(double p) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (!(p > 0)) return p == 0 ? -infinity : missing;
    if (!(p < 1)) return p == 1 ? infinity : missing;
    if (p > 0.5) return -normal_quantile(1 - p);
    // A rational first guess (Abramowitz & Stegun 26.2.23, to 4.5e-4), then Halley's steps, each of which triples the digits.
    const double t = std::sqrt(-2 * std::log(p));
    double z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
    for (int step = 0; step < 3; ++step) {
        const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
        const double miss = (normal_distribution(z) - p) / density;
        z -= miss / (1 + z * miss / 2);
    }
    return z;
}

}  // namespace assay::evaluate
