// Power laws whose exponent is known, and the published fits of WeightWatcher.

#include "libanalysis/spectral/power_law.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/seed.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace assay::spectral {
namespace {

/// Quantiles of a Pareto law at the middles of n equal shares.
std::vector<double> pareto_quantiles(double alpha, std::size_t n) {
    std::vector<double> values;
    for (std::size_t k = 0; k < n; ++k)
        values.push_back(std::pow(1 - (static_cast<double>(k) + 0.5) / static_cast<double>(n), -1 / (alpha - 1)));
    return values;
}

TEST(PowerLaw, OfParetoQuantilesIsWhatWeightWatcherFits) {
    // WeightWatcher 0.7.5.5 on the same numbers.
    const std::vector<double> two = pareto_quantiles(2, 200);
    const PowerLawFit fit = fit_power_law(two, PowerLawRule::weightwatcher(two.size()));
    EXPECT_NEAR_RELATIVE(fit.alpha, 2.0042529676, 1e-9);
    EXPECT_NEAR_RELATIVE(fit.distance, 0.0033645009, 1e-7);
    EXPECT_NEAR_RELATIVE(fit.xmin, 1.0025062657, 1e-9);
    EXPECT_EQ(fit.tail, 200u);
    EXPECT_NEAR_RELATIVE(fit.standard_error, (fit.alpha - 1) / std::sqrt(200.0), 1e-12);
    const std::vector<double> more = pareto_quantiles(3.5, 1000);
    const PowerLawFit steep = fit_power_law(more, PowerLawRule::weightwatcher(more.size()));
    EXPECT_NEAR_RELATIVE(steep.alpha, 3.5021184360, 1e-9);
    EXPECT_NEAR_RELATIVE(steep.distance, 0.0006726060, 1e-6);
}

TEST(PowerLaw, OfDrawsHasItsExponentWithinItsError) {
    // At a given xmin, 2000 draws: alpha is normal around the truth with the stated deviation; over 40 seeds no z may pass 4, and
    // their mean square must be near 1.
    double squares = 0;
    constexpr int seeds = 40;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        std::vector<double> draws;
        for (std::uint64_t i = 0; i < 2000; ++i) draws.push_back(2 * std::pow(1 - Seed{seed}.uniform(i), -1 / 1.7));
        const PowerLawFit fit = fit_power_law(draws, {.least_tail = draws.size()});
        const double z = (fit.alpha - 2.7) / fit.standard_error;
        EXPECT_LE(std::abs(z), 4) << seed;
        squares += z * z / seeds;
    }
    EXPECT_GT(squares, 0.5);
    EXPECT_LT(squares, 1.7);
}

TEST(PowerLaw, FindsWhereTheTailBegins) {
    // 3000 uniform values below 1, 3000 Pareto values from 1 on: xmin is near 1 and alpha that of the tail.
    std::vector<double> values = pareto_quantiles(3, 3000);
    for (int i = 0; i < 3000; ++i) values.push_back((i + 0.5) / 3000);
    for (const bool below : {true, false}) {
        const PowerLawFit fit = fit_power_law(values, {.below_steps = below});
        EXPECT_NEAR(fit.xmin, 1, 0.05);
        EXPECT_NEAR(fit.alpha, 3, 0.05);
        EXPECT_NEAR(static_cast<double>(fit.tail), 3000, 200);
    }
}

TEST(PowerLaw, EqualsASearchWithoutShortcuts) {
    std::vector<double> values;
    for (std::uint64_t i = 0; i < 150; ++i) values.push_back(std::exp(2 * Seed{3}.normal(i)));
    std::sort(values.begin(), values.end());
    for (const bool below : {true, false}) {
        double best = 2, alpha_of_best = 0, xmin_of_best = 0;
        for (std::size_t i = 0; i + 10 <= values.size(); ++i) {
            const auto n = static_cast<double>(values.size() - i);
            double sum = 0, distance = 0;
            for (std::size_t j = i; j < values.size(); ++j) sum += std::log(values[j] / values[i]);
            const double alpha = 1 + n / sum;
            for (std::size_t j = i; j < values.size(); ++j) {
                const double law = 1 - std::pow(values[j] / values[i], 1 - alpha);
                distance = std::max(distance, std::abs(law - static_cast<double>(j - i) / n));
                if (below) distance = std::max(distance, std::abs(law - static_cast<double>(j - i + 1) / n));
            }
            if (distance < best) {
                best = distance;
                alpha_of_best = alpha;
                xmin_of_best = values[i];
            }
        }
        const PowerLawFit fit = fit_power_law(values, {.below_steps = below});
        EXPECT_NEAR_RELATIVE(fit.distance, best, 1e-12);
        EXPECT_NEAR_RELATIVE(fit.alpha, alpha_of_best, 1e-12);
        EXPECT_NEAR_RELATIVE(fit.xmin, xmin_of_best, 1e-12);
    }
}

TEST(PowerLaw, OfFewValuesIsCorrectedAsWeightWatcherDoes) {
    // 19 values: alpha - 1 is 18/19 of the plain estimate for the same tail, and tails have at least 8.
    std::vector<double> values = pareto_quantiles(2, 19);
    const PowerLawRule rule = PowerLawRule::weightwatcher(values.size());
    const PowerLawFit fit = fit_power_law(values, rule), plain = fit_power_law(values, {.least_tail = fit.tail, .below_steps = false});
    ASSERT_EQ(fit.tail, plain.tail);
    EXPECT_GE(fit.tail, 8u);
    EXPECT_NEAR_RELATIVE((fit.alpha - 1) / (plain.alpha - 1), 1 - 1 / static_cast<double>(fit.tail), 1e-12);
}

TEST(PowerLaw, DoesNotDependOnTheScaleUnlessTheRuleDoes) {
    std::vector<double> values = pareto_quantiles(2.5, 300), small = values;
    for (double& value : small) value *= 1e-6;
    EXPECT_NEAR_RELATIVE(fit_power_law(small, {}).alpha, fit_power_law(values, {}).alpha, 1e-12);
    EXPECT_EQ(fit_power_law(values, PowerLawRule::weightwatcher(300)).tail, 300u);
    EXPECT_LT(fit_power_law(small, PowerLawRule::weightwatcher(300)).tail, 300u);   // the absolute cut
}

TEST(PowerLaw, RefusesEqualValuesAndTooFew) {
    EXPECT_THROW(fit_power_law(std::vector<double>(50, 1.0), {}), Error);
    EXPECT_THROW(fit_power_law(std::vector<double>{1, 2, 3}, {}), Error);
    EXPECT_THROW(fit_power_law(std::vector<double>(50, 0.0), {}), Error);
    EXPECT_THROW(fit_power_law(std::vector<double>{}, PowerLawRule::weightwatcher(0)), Error);
}

}  // namespace
}  // namespace assay::spectral
