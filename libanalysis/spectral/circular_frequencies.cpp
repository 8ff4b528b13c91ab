#include "libanalysis/spectral/circular_frequencies.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

namespace assay::spectral {

std::vector<Frequency> half_spectrum(std::int64_t height, std::int64_t width) {
    std::vector<Frequency> half;
    for (std::int64_t u = 0; u < height; ++u)
        for (std::int64_t v = 0; v < width; ++v) {
            const std::int64_t mu = (height - u) % height, mv = (width - v) % width;
            if (std::pair(u, v) <= std::pair(mu, mv)) half.push_back({u, v, std::pair(u, v) != std::pair(mu, mv)});
        }
    return half;
}

double angle_of(const CircularConvolution& c, const Frequency& frequency, std::size_t tap) {
    const std::int64_t y = static_cast<std::int64_t>(tap) / c.kernel_w * c.dilation_h;
    const std::int64_t x = static_cast<std::int64_t>(tap) % c.kernel_w * c.dilation_w;
    // Reduced before the division, so that the angle is exact for large products.
    return 2 * std::numbers::pi * (static_cast<double>(frequency.u * y % c.height) / static_cast<double>(c.height) +
                                   static_cast<double>(frequency.v * x % c.width) / static_cast<double>(c.width));
}

void require_kernel(const CircularConvolution& c) {
    const std::int64_t size = c.kernel_h * c.kernel_w * c.in * c.out;
    if (c.groups < 1 || c.out % c.groups != 0 || c.height < 1 || c.width < 1 || size < 1 ||
        static_cast<std::size_t>(size) != c.kernel.size())
        throw Error(ErrorKind::internal, {"circular convolution", "a kernel that fits its extents", std::to_string(c.kernel.size()) + " values"});
    if (!std::all_of(c.kernel.begin(), c.kernel.end(), [](double x) { return std::isfinite(x); }))
        throw Error(ErrorKind::data, {"circular convolution", "finite weights", "NaN or infinity"});
}

}  // namespace assay::spectral
