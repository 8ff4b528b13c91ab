#include "libanalysis/curvature/outliers.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace assay {
namespace {

using Values = std::vector<double>;
std::size_t count(const Values& values) { return curvature::outliers(values); }

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

}  // namespace
}  // namespace assay
