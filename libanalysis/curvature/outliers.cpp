#include "libanalysis/curvature/outliers.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace assay::curvature {

Bulk bulk_of(const spectral::SmoothDensity& density, std::size_t n) {
    if (density.grid.empty()) return {};
    const double half = 0.5 / (static_cast<double>(n) * density.sigma * std::sqrt(2 * std::numbers::pi));
    const auto top = static_cast<std::size_t>(std::max_element(density.values.begin(), density.values.end()) - density.values.begin());
    std::size_t low = top, high = top;
    while (low > 0 && density.values[low] >= half) --low;
    while (high + 1 < density.grid.size() && density.values[high] >= half) ++high;
    return {density.grid[low], density.grid[high]};
}

std::size_t outliers_by_ratio(std::span<const double> values) {
    constexpr double apart = 1.5;
    std::size_t count = 0;
    double largest = apart;
    for (std::size_t i = 0; i + 1 < values.size() && values[i] * values[0] > 0; ++i) {
        const double ratio = values[i + 1] * values[0] > 0 ? values[i] / values[i + 1] : 2 * largest;   // the other sign is as far apart as can be
        if (ratio >= largest) {
            largest = ratio;
            count = i + 1;
        }
    }
    return count;
}

Outliers outliers_of(const spectral::Eigenvalues& found, const spectral::SmoothDensity* density, std::size_t n) {
    std::vector<double> largest, smallest;
    for (const spectral::Eigenpair& pair : found.largest) largest.push_back(pair.value);
    for (const spectral::Eigenpair& pair : found.smallest) smallest.push_back(pair.value);
    if (!density) {
        return {.largest = !largest.empty() && largest.front() > 0 ? outliers_by_ratio(largest) : 0,
                .smallest = !smallest.empty() && smallest.front() < 0 ? outliers_by_ratio(smallest) : 0, .bulk = {}};
    }
    const Bulk bulk = bulk_of(*density, n);
    const auto beyond = [](const std::vector<double>& values, auto&& outside) {
        return static_cast<std::size_t>(std::find_if_not(values.begin(), values.end(), outside) - values.begin());
    };
    return {.largest = beyond(largest, [&](double x) { return x > bulk.high; }), .smallest = beyond(smallest, [&](double x) { return x < bulk.low; }), .bulk = bulk};
}

}  // namespace assay::curvature
