#include "libanalysis/evaluate/bootstrap.hpp"

#include "libanalysis/evaluate/chance.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>
#include <numeric>

using namespace assay;
using namespace assay::evaluate;

namespace {

// Bivariate normal with correlation rho: Kendall's tau of the population is 2/pi asin(rho).
struct Pairs { std::vector<double> x, y; };
Pairs normal_pairs(std::size_t n, double rho, Seed seed) {
    Pairs pairs;
    for (std::size_t i = 0; i < n; ++i) {
        const double u = seed.normal(2 * i), v = seed.normal(2 * i + 1);
        pairs.x.push_back(u);
        pairs.y.push_back(rho * u + std::sqrt(1 - rho * rho) * v);
    }
    return pairs;
}

Interval interval_of(const Pairs& pairs, const BootstrapOptions& options) {
    const std::vector<std::size_t> rows = complete_rows(pairs.x, pairs.y);
    return bootstrap(protocol("kendall"), {pairs.x, pairs.y, {}, rows}, options);
}

}  // namespace

TEST(Quantile, InterpolatesBetweenOrderStatistics) {
    std::vector<double> values{4, 1, 3, 2};
    EXPECT_EQ(quantile(values, 0), 1);
    EXPECT_EQ(quantile(values, 0.5), 2.5);
    EXPECT_EQ(quantile(values, 1), 4);
    EXPECT_NEAR_RELATIVE(quantile(values, 0.1), 1.3, 1e-15);
}

TEST(Bootstrap, CoversThePopulationAsOftenAsItSays) {
    const double tau = 2 / std::acos(-1.0) * std::asin(0.6);
    int covered = 0;
    const int trials = 300;
    for (int trial = 0; trial < trials; ++trial) {
        const Interval interval =
            interval_of(normal_pairs(60, 0.6, Seed{static_cast<std::uint64_t>(trial)}), {.replicates = 200, .level = 0.9, .seed = Seed{7}});
        covered += interval.low <= tau && tau <= interval.high;
    }
    // Binomial standard error .017; percentile intervals of tau are a few points short at n = 60.
    EXPECT_NEAR(static_cast<double>(covered) / trials, 0.9, 5 * 0.0173);
}

TEST(Jackknife, CoversThePopulationAsOftenAsItSays) {
    const double tau = 2 / std::acos(-1.0) * std::asin(0.6);
    int covered = 0;
    const int trials = 300;
    for (int trial = 0; trial < trials; ++trial) {
        const Pairs pairs = normal_pairs(60, 0.6, Seed{100}.child(static_cast<std::uint64_t>(trial)));
        const std::vector<std::size_t> rows = complete_rows(pairs.x, pairs.y);
        const Interval interval = jackknife(protocol("kendall"), {pairs.x, pairs.y, {}, rows}, {.seed = Seed{1}});
        EXPECT_EQ(interval.replicates, 50u);
        covered += interval.low <= tau && tau <= interval.high;
    }
    EXPECT_NEAR(covered / static_cast<double>(trials), 0.95, 0.04);   // three deviations of the count
}

TEST(Bootstrap, SameSeedSameBitsOtherSeedOtherDraws) {
    const Pairs pairs = normal_pairs(40, 0.5, Seed{3});
    const Interval a = interval_of(pairs, {.replicates = 100, .seed = Seed{1}});
    const Interval b = interval_of(pairs, {.replicates = 100, .seed = Seed{1}});
    const Interval c = interval_of(pairs, {.replicates = 100, .seed = Seed{2}});
    EXPECT_EQ(a.low, b.low);
    EXPECT_EQ(a.high, b.high);
    EXPECT_NE(a.low, c.low);
}

TEST(Bootstrap, GroupsAreDrawnAsAWhole) {
    // Inside each of ten groups x and y agree perfectly and groups do not overlap: every draw of whole groups has tau 1 except
    // for nothing; with one group reversed, only draws without it reach 1.
    Pairs pairs;
    std::vector<int> groups;
    for (int group = 0; group < 10; ++group)
        for (int i = 0; i < 5; ++i) {
            pairs.x.push_back(group * 10 + i);
            pairs.y.push_back(group * 10 + (group == 0 ? -i : i));
            groups.push_back(group);
        }
    const Interval interval = interval_of(pairs, {.replicates = 500, .level = 0.95, .seed = Seed{5}, .groups = groups});
    EXPECT_EQ(interval.high, 1);    // P(a draw misses group 0) = .9^10 = .35
    EXPECT_LT(interval.low, 1);
    const Interval none = interval_of(pairs, {.replicates = 50, .groups = std::vector<int>(50, 3)});
    EXPECT_TRUE(std::isnan(none.low));   // one group says nothing about groups
}

TEST(Chance, SpreadEqualsTheClosedForm) {
    // Under independence and without ties var tau = 2 (2n + 5) / (9 n (n - 1)) (Kendall 1938).
    const std::size_t n = 24;
    const Pairs pairs = normal_pairs(n, 0, Seed{11});
    const std::vector<Column> one{{"x", pairs.x}};
    const Chance luck = chance(protocol("kendall"), one, pairs.y, {}, {}, 4000, Seed{1});
    const double expected = std::sqrt(2 * (2.0 * n + 5) / (9.0 * n * (n - 1)));
    EXPECT_NEAR(luck.spread, expected, 5 * expected / std::sqrt(2 * 4000.0));
    EXPECT_NEAR(luck.single, 1.96 * expected, 0.1 * expected);
    EXPECT_EQ(luck.single, luck.largest);   // one measure: no multiplicity
}

TEST(Chance, TheBestOfManyIsLargerThanOne) {
    const Pairs pairs = normal_pairs(24, 0, Seed{11});
    std::vector<Column> many;
    for (std::uint64_t k = 0; k < 30; ++k) many.push_back({std::to_string(k), normal_pairs(24, 0, Seed{100 + k}).x});
    const Chance luck = chance(protocol("kendall"), many, pairs.y, {}, {}, 500, Seed{1});
    // For 30 independent measures the 95 % point of the maximum is about that of 1 - .05 / 30: 3.14 deviations.
    EXPECT_GT(luck.largest, 1.3 * luck.single);
    EXPECT_NEAR(luck.largest / luck.spread, 3.0, 0.35);
    // Copies of one measure add no multiplicity.
    const std::vector<Column> copies(30, {"x", pairs.x});
    const Chance same = chance(protocol("kendall"), copies, pairs.y, {}, {}, 500, Seed{1});
    EXPECT_NEAR_RELATIVE(same.largest, same.single, 1e-12);
}
