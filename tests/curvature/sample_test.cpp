#include "libanalysis/curvature/sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace assay {
namespace {

TEST(SampleSize, IsAllRowsThen4096ThenWhatIsAffordable) {
    EXPECT_EQ(curvature::default_sample(2000, 1e6).rows, 2000);
    EXPECT_EQ(curvature::default_sample(2000, 1e6).rule, "all rows");
    EXPECT_EQ(curvature::default_sample(60000, 1e6).rows, 4096);
    EXPECT_EQ(curvature::default_sample(60000, 1e8).rows, 2000);   // 2e11 / 1e8
    EXPECT_EQ(curvature::default_sample(60000, 4e9).rows, 512);
    EXPECT_EQ(curvature::default_sample(100, 4e9).rows, 100);
    EXPECT_EQ(curvature::default_sample(60000, 0).rows, 4096);
    EXPECT_NE(curvature::default_sample(60000, 4e9).rule.find("512 rows"), std::string::npos);
}

TEST(Halves, AreDisjointSortedAndTogetherTheSample) {
    data::Rows rows;
    rows.indices.resize(101);
    std::iota(rows.indices.begin(), rows.indices.end(), 7);
    const auto [a, b] = curvature::halves_of(rows, Seed{5});
    EXPECT_EQ(a.count(), 51);
    EXPECT_EQ(b.count(), 50);
    EXPECT_TRUE(std::is_sorted(a.indices.begin(), a.indices.end()));
    std::set<std::int64_t> all(a.indices.begin(), a.indices.end());
    all.insert(b.indices.begin(), b.indices.end());
    EXPECT_EQ(all, std::set<std::int64_t>(rows.indices.begin(), rows.indices.end()));
    EXPECT_NE(a.indices[50] - a.indices[0], 50);   // not a prefix
    EXPECT_EQ(curvature::halves_of(rows, Seed{5}).first.indices, a.indices);
    EXPECT_NE(curvature::halves_of(rows, Seed{6}).first.indices, a.indices);
}

}  // namespace
}  // namespace assay
