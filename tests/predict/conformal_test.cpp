#include "libanalysis/predict/conformal.hpp"

#include "libanalysis/core/seed.hpp"
#include "libanalysis/predict/logit.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

using namespace assay;
using namespace assay::predict;

TEST(Logit, HasItsInverseAndItsClip) {
    EXPECT_NEAR_RELATIVE(accuracy_of(logit(0.93)), 0.93, 1e-14);
    EXPECT_EQ(logit(0.5), 0);
    EXPECT_EQ(logit(1), logit(0.9999));
    EXPECT_NEAR_RELATIVE(logit(0), -logit(1), 1e-12);   // 1 - 1e-4 is rounded
    EXPECT_EQ(accuracy_of(INFINITY), 1);
    EXPECT_EQ(accuracy_of(-INFINITY), 0);
}

TEST(Conformal, QuantileIsTheOrderStatisticOfTheDefinition) {
    // (9 + 1) 0.9 = 9: the largest of nine; one more and it is the tenth of eleven places.
    const std::vector<double> nine{-9, 1, 2, 3, -4, 5, 6, 7, 8};
    EXPECT_EQ(conformal_quantile(nine, 0.9), 9);
    EXPECT_EQ(conformal_quantile(nine, 0.5), 5);
    EXPECT_EQ(conformal_quantile(std::vector<double>{1, 2, 3}, 0.9), INFINITY);   // three residuals cannot promise 90 %
    EXPECT_EQ(conformal_quantile({}, 0.9), INFINITY);
}

TEST(Conformal, CoversExchangeableResidualsAsOftenAsItSays) {
    // P(|r_new| <= q) = ceil((n + 1) level) / (n + 1) exactly for continuous residuals: here 18 / 20.
    int covered = 0;
    const int trials = 4000;
    for (int trial = 0; trial < trials; ++trial) {
        const Seed seed{static_cast<std::uint64_t>(trial)};
        std::vector<double> residuals;
        for (std::uint64_t i = 0; i < 19; ++i) residuals.push_back(seed.normal(i));
        covered += std::abs(seed.normal(1000)) <= conformal_quantile(residuals, 0.9);
    }
    EXPECT_NEAR(covered / static_cast<double>(trials), 0.9, 5 * std::sqrt(0.09 / trials));
}

TEST(Conformal, AFoldGetsTheWidthOfTheOthers) {
    const std::vector<double> residuals{1, 1, 1, 5, 5, 5};
    const std::vector<int> fold{0, 0, 0, 1, 1, 1};
    EXPECT_EQ(cross_conformal(residuals, fold, 0.5), (std::vector<double>{5, 1}));
}
