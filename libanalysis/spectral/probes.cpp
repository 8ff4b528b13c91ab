#include "libanalysis/spectral/probes.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace assay::spectral {

template <class T>
void rademacher(Seed seed, T length, std::span<T> out) {
    for (std::size_t word = 0; word * 64 < out.size(); ++word) {
        const std::uint64_t bits = seed.bits(word);
        const std::size_t end = std::min<std::size_t>(64, out.size() - word * 64);
        for (std::size_t i = 0; i < end; ++i) out[word * 64 + i] = (bits >> i & 1) ? length : -length;
    }
}

template void rademacher<float>(Seed, float, std::span<float>);
template void rademacher<double>(Seed, double, std::span<double>);

Estimate mean_of(std::span<const double> samples, std::string method) {
    const auto count = static_cast<double>(samples.size());
    double mean = 0, squares = 0;
    for (const double x : samples) mean += x / count;
    for (const double x : samples) squares += (x - mean) * (x - mean);
    const double error = samples.size() > 1 ? std::sqrt(squares / (count * (count - 1))) : std::numeric_limits<double>::infinity();
    return {.value = mean, .standard_error = error, .method = std::move(method), .products = samples.size()};
}

Estimate root_of(Estimate mean) {
    // An operator whose every measured product vanishes: zero, without error.
    const double root = std::sqrt(mean.value);
    mean.standard_error = root > 0 ? mean.standard_error / (2 * root) : 0;
    mean.value = root;
    return mean;
}

}  // namespace assay::spectral
