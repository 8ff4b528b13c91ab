#include "libanalysis/core/seed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

namespace assay {
namespace {

// Five standard deviations of a chi-square with k degrees of freedom above and below its mean.
void expect_chi_square(double value, double k) {
    EXPECT_LE(std::abs(value - k), 5 * std::sqrt(2 * k)) << "chi-square " << value << " with " << k << " degrees of freedom";
}

TEST(Seed, IsAPureFunctionOfSeedAndCounter) {
    const Seed seed{42};
    const std::uint64_t later = seed.bits(1000);
    for (std::uint64_t i = 0; i < 10; ++i) seed.bits(i);
    EXPECT_EQ(Seed{42}.bits(1000), later);
    EXPECT_EQ(Seed{42}.child("data").value, seed.child("data").value);
}

TEST(Seed, UniformNumbersFillEveryBinEqually) {
    constexpr int bins = 100, samples = 100'000;
    for (const Seed seed : {Seed{0}, Seed{1}, Seed{0xffffffffffffffffULL}, Seed{7}.child("x"), Seed{7}.child(3)}) {
        std::array<int, bins> counts{};
        for (std::uint64_t i = 0; i < samples; ++i) {
            const double u = seed.uniform(i);
            ASSERT_TRUE(u >= 0 && u < 1) << u;
            ++counts[static_cast<std::size_t>(u * bins)];
        }
        double chi_square = 0;
        constexpr double expected = double{samples} / bins;
        for (const int count : counts) chi_square += (count - expected) * (count - expected) / expected;
        expect_chi_square(chi_square, bins - 1);
    }
}

TEST(Seed, EveryBitIsSetHalfTheTime) {
    constexpr int samples = 20'000;
    std::array<int, 64> ones{};
    for (std::uint64_t i = 0; i < samples; ++i)
        for (std::size_t b = 0; b < 64; ++b) ones[b] += (Seed{5}.bits(i) >> b) & 1;
    for (std::size_t b = 0; b < 64; ++b) EXPECT_LE(std::abs(ones[b] - samples / 2), 5 * std::sqrt(samples) / 2) << "bit " << b;
}

TEST(Seed, NormalNumbersHaveTheMomentsOfTheStandardNormal) {
    constexpr int samples = 200'000;
    std::array<double, 5> moment{};
    for (std::uint64_t i = 0; i < samples; ++i) {
        const double z = Seed{11}.normal(i);
        for (int k = 1; k <= 4; ++k) moment[static_cast<std::size_t>(k)] += std::pow(z, k) / samples;
    }
    // Five standard errors: the variances of z, z^2, z^3, z^4 are 1, 2, 15, 96.
    const double root = std::sqrt(double{samples});
    EXPECT_LE(std::abs(moment[1] - 0), 5 * 1 / root);
    EXPECT_LE(std::abs(moment[2] - 1), 5 * std::sqrt(2.0) / root);
    EXPECT_LE(std::abs(moment[3] - 0), 5 * std::sqrt(15.0) / root);
    EXPECT_LE(std::abs(moment[4] - 3), 5 * std::sqrt(96.0) / root);
}

TEST(Seed, ChildrenAreUncorrelatedWithParentAndSiblings) {
    constexpr int samples = 50'000;
    const Seed parent{123};
    const std::vector<Seed> streams{parent, parent.child("a"), parent.child("b"), parent.child(std::uint64_t{0}),
                                    parent.child(std::uint64_t{1}), parent.child("a").child("b"), parent.child("b").child("a")};
    for (std::size_t i = 0; i < streams.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            for (const std::uint64_t lag : {0, 1}) {
                double correlation = 0;  // of uniform numbers: 12 times the covariance
                for (std::uint64_t n = 0; n < samples; ++n)
                    correlation += 12 * (streams[i].uniform(n) - 0.5) * (streams[j].uniform(n + lag) - 0.5) / samples;
                EXPECT_LE(std::abs(correlation), 5 / std::sqrt(double{samples})) << i << " and " << j << " at lag " << lag;
            }
}

TEST(Seed, ChildrenOfNamesAndIndicesAreDistinct) {
    std::set<std::uint64_t> values;
    const Seed parent{9};
    for (std::uint64_t i = 0; i < 1000; ++i) values.insert(parent.child(i).value);
    for (int i = 0; i < 1000; ++i) values.insert(parent.child(std::to_string(i)).value);
    values.insert(parent.child("").value);
    values.insert(parent.child("ab").value);
    values.insert(parent.child("ba").value);
    values.insert(parent.child("a").child("b").value);
    values.insert(parent.value);
    EXPECT_EQ(values.size(), 2005u);
}

TEST(Permutation, HoldsEveryNumberOnce) {
    for (const std::int64_t count : {0, 1, 2, 31, 32, 33, 1000}) {
        std::vector<std::int64_t> order = permutation(Seed{3}, count), all(static_cast<std::size_t>(count));
        std::iota(all.begin(), all.end(), 0);
        if (count > 30) {
            EXPECT_NE(order, all);
        }
        std::sort(order.begin(), order.end());
        EXPECT_EQ(order, all);
    }
}

TEST(Permutation, EachOfTheSixOrdersOfThreeIsEquallyFrequent) {
    constexpr int samples = 30'000;
    std::array<int, 27> counts{};
    for (std::uint64_t s = 0; s < samples; ++s) {
        const auto order = permutation(Seed{s}, 3);
        ++counts[static_cast<std::size_t>(9 * order[0] + 3 * order[1] + order[2])];
    }
    double chi_square = 0;
    int seen = 0;
    for (const int count : counts) {
        if (count == 0) continue;
        ++seen;
        chi_square += (count - samples / 6.0) * (count - samples / 6.0) / (samples / 6.0);
    }
    EXPECT_EQ(seen, 6);
    expect_chi_square(chi_square, 5);
}

}  // namespace
}  // namespace assay
