#include "libanalysis/spectral/power_law.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace assay::spectral {
namespace {

/// Kolmogorov's distance of sorted logarithms from a power law that starts at the first of them; any number above `enough` once it
/// is known to be above.
double distance_of(std::span<const double> logs, double alpha, bool below_steps, double enough) {
    const auto n = static_cast<double>(logs.size());
    double largest = 0;
    for (std::size_t j = 0; j < logs.size(); ++j) {
        const double fitted = 1 - std::exp((1 - alpha) * (logs[j] - logs[0]));
        largest = std::max(largest, std::abs(fitted - static_cast<double>(j) / n));
        if (below_steps) largest = std::max(largest, std::abs(fitted - static_cast<double>(j + 1) / n));
        if (largest > enough) return largest;
    }
    return largest;
}

std::vector<double> sorted_logarithms(std::span<const double> values, const PowerLawRule& rule) {
    const double top = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
    std::vector<double> logs;
    for (const double value : values)
        if (value > rule.above && value > rule.above_share * top) logs.push_back(std::log(value));
    std::sort(logs.begin(), logs.end());
    return logs;
}

}  // namespace

PowerLawRule PowerLawRule::weightwatcher(std::size_t count) {
    constexpr std::size_t small = 20;
    PowerLawRule rule{.above = weightwatcher_cut, .above_share = 0, .least_tail = 2, .below_steps = false};
    if (count < small) {
        rule.least_tail = 8;
        rule.corrected = true;
    }
    return rule;
}

PowerLawFit fit_power_law(std::span<const double> values, const PowerLawRule& rule) {
    const std::vector<double> logs = sorted_logarithms(values, rule);
    if (logs.size() < std::max<std::size_t>(rule.least_tail, 2))
        throw Error(ErrorKind::data, {"power law", std::to_string(std::max<std::size_t>(rule.least_tail, 2)) + " positive values", std::to_string(logs.size())});
    std::vector<double> sums(logs.size() + 1, 0.0);   // of the logarithms from i on
    for (std::size_t i = logs.size(); i-- > 0;) sums[i] = sums[i + 1] + logs[i];
    PowerLawFit best{.distance = std::numeric_limits<double>::infinity()};
    for (std::size_t i = 0; i + std::max<std::size_t>(rule.least_tail, 2) <= logs.size(); ++i) {
        if (rule.poll) rule.poll();
        const auto n = static_cast<double>(logs.size() - i);
        const double spread = sums[i] - n * logs[i];
        if (!(spread > 1e-12 * n)) continue;   // equal values have no exponent
        const double alpha = 1 + (rule.corrected ? n - 1 : n) / spread;
        const double distance = distance_of(std::span(logs).subspan(i), alpha, rule.below_steps, best.distance);
        if (distance < best.distance) best = {alpha, std::exp(logs[i]), distance, (alpha - 1) / std::sqrt(n), logs.size() - i};
    }
    if (best.tail == 0) throw Error(ErrorKind::data, {"power law", "values that differ", "equal ones"});
    return best;
}

}  // namespace assay::spectral
