#include "libanalysis/curvature/outliers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace assay {
namespace {

using Values = std::vector<double>;
std::size_t count(const Values& values) { return curvature::outliers_by_ratio(values); }

TEST(Outliers, EndAtTheLargestRatioOfNeighbours) {
    EXPECT_EQ(count({165, 120, 60, 15, 2, 1.9, 1.8}), 4u);
    EXPECT_EQ(count({6.19, 5.34, 4.53, 3.99}), 0u);        // no ratio of 1.5
    EXPECT_EQ(count({10, 5, 4.9}), 1u);
    EXPECT_EQ(count({-9, -3, -2.9}), 1u);                  // the lower end, smallest first
    EXPECT_EQ(count({4, 3, -1}), 2u);                      // the other sign is apart
    EXPECT_EQ(count({4, 2, 1}), 2u);                       // of equal gaps the last
    EXPECT_EQ(count({4}), 0u);
    EXPECT_EQ(count({}), 0u);
    EXPECT_EQ(count({0, 0, 0}), 0u);
}

spectral::Eigenvalues found(const Values& largest, const Values& smallest) {
    spectral::Eigenvalues result;
    for (const double x : largest) result.largest.push_back({.value = x, .vector = {}});
    for (const double x : smallest) result.smallest.push_back({.value = x, .vector = {}});
    return result;
}

/// 1000 eigenvalues: a bulk on [-1, 2], and one each at 5, 7 and -3; sigma 0.2.
spectral::SmoothDensity spiked() {
    spectral::SmoothDensity density;
    density.sigma = 0.2;
    for (double x = -5; x <= 9; x += 0.05) {
        double y = x >= -1 && x <= 2 ? 997.0 / 3000 : 0;
        for (const double spike : {5.0, 7.0, -3.0})
            y += std::exp(-(x - spike) * (x - spike) / (2 * 0.04)) / (1000 * 0.2 * std::sqrt(2 * std::numbers::pi));
        density.grid.push_back(x);
        density.values.push_back(y);
    }
    return density;
}

TEST(Outliers, LieBeyondTheBulkOfTheDensity) {
    const spectral::SmoothDensity density = spiked();
    const curvature::Bulk bulk = curvature::bulk_of(density, 1000);
    EXPECT_NEAR(bulk.low, -1, 0.1);
    EXPECT_NEAR(bulk.high, 2, 0.1);
    const curvature::Outliers both = curvature::outliers_of(found({7, 5, 2, 1.9}, {-3, -1, -0.9}), &density, 1000);
    EXPECT_EQ(both.largest, 2u);
    EXPECT_EQ(both.smallest, 1u);
    EXPECT_TRUE(both.bulk);
    EXPECT_EQ(curvature::outliers_of(found({1.9}, {}), &density, 1000).largest, 0u);
}

TEST(Outliers, WithoutADensityGoByRatio) {
    const curvature::Outliers both = curvature::outliers_of(found({9, 8, 1, 0.9}, {-4, -1, -0.9}), nullptr, 1000);
    EXPECT_EQ(both.largest, 2u);
    EXPECT_EQ(both.smallest, 1u);
    EXPECT_FALSE(both.bulk);
    // Ends on the other side of zero are no outliers.
    EXPECT_EQ(curvature::outliers_of(found({-1, -5}, {3, 9}), nullptr, 1000).largest, 0u);
    EXPECT_EQ(curvature::outliers_of(found({9, 1}, {0.1, 0.9}), nullptr, 1000).smallest, 0u);
}

}  // namespace
}  // namespace assay
