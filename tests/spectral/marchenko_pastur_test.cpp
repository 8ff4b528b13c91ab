// The law of Marchenko and Pastur against its integral, its moments and random matrices.

#include "libanalysis/spectral/marchenko_pastur.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/seed.hpp"
#include "libanalysis/spectral/singular_values.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace assay::spectral {
namespace {

std::vector<double> eigenvalues_of_noise(std::size_t rows, std::size_t cols, double deviation, Seed seed) {
    std::vector<double> a(rows * cols);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = deviation * seed.normal(i);
    std::vector<double> values = singular_values(std::span<const double>(a), rows, cols);
    for (double& value : values) value *= value;
    return values;
}

TEST(MarchenkoPastur, DistributionIsTheIntegralOfTheDensity) {
    for (const double ratio : {0.05, 0.3, 0.8, 1.0}) {
        const auto [lower, upper] = marchenko_pastur_edges(ratio);
        EXPECT_EQ(marchenko_pastur_distribution(upper + 1e-9, ratio), 1);
        EXPECT_EQ(marchenko_pastur_distribution(lower, ratio), 0);
        // x = middle - half cos t takes the root at both edges away: the midpoint rule converges fast.
        const double middle = (lower + upper) / 2, half = (upper - lower) / 2;
        constexpr int steps = 20000;
        double sum = 0, mean = 0, square = 0;
        for (int i = 0; i < steps; ++i) {
            const double t = std::numbers::pi * (i + 0.5) / steps, x = middle - half * std::cos(t);
            const double mass = marchenko_pastur_density(x, ratio) * half * std::sin(t) * std::numbers::pi / steps;
            sum += mass;
            mean += mass * x;
            square += mass * x * x;
            if (i % 1000 == 500) {
                EXPECT_NEAR(marchenko_pastur_distribution(x, ratio), sum - mass / 2, 1e-6) << ratio << " at " << x;
            }
        }
        EXPECT_NEAR(sum, 1, 1e-7);
        EXPECT_NEAR(mean, 1, 1e-7);
        EXPECT_NEAR(square, 1 + ratio, 1e-6);   // the second moment of the law
    }
}

TEST(MarchenkoPastur, NoiseIsNearItAndAlteredNoiseIsNot) {
    const std::size_t rows = 300, cols = 120;
    std::vector<double> values = eigenvalues_of_noise(rows, cols, 1, Seed{7});
    for (double& value : values) value /= rows;
    EXPECT_LT(marchenko_pastur_distance(values, 0.4), 0.02);
    for (double& value : values) value *= value;
    EXPECT_GT(marchenko_pastur_distance(values, 0.4), 0.1);
}

TEST(Bulk, OfNoiseHasTheScaleOfTheNoise) {
    // Values are scaled to mean 1, so the law of noise has scale 1, whatever its deviation; nothing stands out.
    for (const double deviation : {0.02, 3.0}) {
        const std::vector<double> values = eigenvalues_of_noise(400, 200, deviation, Seed{11});
        const Bulk bulk = fit_bulk(values, 400, 200);
        EXPECT_NEAR(bulk.sigma, 1, 0.03);
        EXPECT_EQ(bulk.spikes, 0u);
        EXPECT_NEAR(bulk.soft_rank, 1, 0.06);
    }
}

TEST(Bulk, CountsWhatStandsOut) {
    std::vector<double> values = eigenvalues_of_noise(400, 200, 1, Seed{13});
    for (std::size_t i = 0; i < 5; ++i) values[i] = 5000 + 100 * static_cast<double>(i);   // the edge is near 1166
    const Bulk bulk = fit_bulk(values, 400, 200);
    EXPECT_EQ(bulk.spikes, 5u);
    EXPECT_LT(bulk.soft_rank, 0.3);
    EXPECT_LT(bulk.sigma, 1);   // the five take some of the mean
    EXPECT_THROW(fit_bulk(std::vector<double>(20, 0.0), 20, 20), Error);
}

}  // namespace
}  // namespace assay::spectral
