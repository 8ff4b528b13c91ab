// Densities from the nodes and weights of a quadrature.

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace assay::spectral {

SmoothDensity smooth(const Density& density, double sigma) {
    if (density.nodes.empty()) return {};
    const double low = density.nodes.front(), high = density.nodes.back();
    if (!(sigma >= 0)) throw Error(ErrorKind::usage, {"spectral density", "a width of zero or more", std::to_string(sigma)});
    if (sigma == 0) sigma = (high - low) / static_cast<double>(std::max<std::size_t>(density.steps, 1));
    if (sigma == 0) sigma = std::max(std::abs(high), 1.0) * 1e-3;   // a single node
    const double range = high - low + 10 * sigma, points = std::ceil(4 * range / sigma) + 1;
    if (!(points <= 1e7))
        throw Error(ErrorKind::usage, {"spectral density", "a width that the range of " + std::to_string(range) + " resolves in 10^7 points",
                    std::to_string(sigma), "Give a larger width."});
    SmoothDensity result{.grid = std::vector<double>(static_cast<std::size_t>(points)), .values = {}, .sigma = sigma};
    const double start = low - 5 * sigma, spacing = range / (points - 1);
    for (std::size_t i = 0; i < result.grid.size(); ++i) result.grid[i] = start + static_cast<double>(i) * spacing;
    result.values.resize(result.grid.size());
    const double height = 1 / (sigma * std::sqrt(2 * std::numbers::pi)), reach = 9 * sigma;   // exp(-81/2) is below rounding
    for (std::size_t k = 0; k < density.nodes.size(); ++k) {
        const double node = density.nodes[k];
        const auto first = static_cast<std::size_t>(std::max(0.0, std::floor((node - reach - start) / spacing)));
        for (std::size_t i = first; i < result.grid.size() && result.grid[i] <= node + reach; ++i) {
            const double z = (result.grid[i] - node) / sigma;
            result.values[i] += density.weights[k] * height * std::exp(-z * z / 2);
        }
    }
    return result;
}

double cumulative(const Density& density, double x) {
    double share = 0;
    for (std::size_t i = 0; i < density.nodes.size() && density.nodes[i] <= x; ++i) share += density.weights[i];
    return share;
}

}  // namespace assay::spectral
