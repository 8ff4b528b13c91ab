#include "libanalysis/spectral/singular_values.hpp"

#include "libanalysis/core/error.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

namespace assay::spectral {
namespace {

TEST(SingularValues, OfAMatrixByHand) {
    // [[3, 0], [4, 5]]: s^2 are the eigenvalues of [[25, 20], [20, 25]], 45 and 5.
    const std::vector<double> a{3, 0, 4, 5};
    for (const Method method : {Method::gram, Method::accurate}) {
        const std::vector<double> s = singular_values(std::span<const double>(a), 2, 2, method);
        ASSERT_EQ(s.size(), 2u);
        EXPECT_NEAR_RELATIVE(s[0], std::sqrt(45.0), 1e-14);
        EXPECT_NEAR_RELATIVE(s[1], std::sqrt(5.0), 1e-13);
    }
}

TEST(SingularValues, AreThoseTheMatrixWasMadeOf) {
    for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{1, 1}, {1, 7}, {31, 33}, {33, 32}, {64, 20}, {20, 64}}) {
        std::vector<double> s(std::min(rows, cols));
        for (std::size_t i = 0; i < s.size(); ++i) s[i] = 10.0 / static_cast<double>(i + 1);
        const std::vector<double> a = test::matrix_with(s, rows, cols, Seed{rows * 100 + cols});
        for (const Method method : {Method::gram, Method::accurate})
            EXPECT_LE(test::distance(singular_values(std::span<const double>(a), rows, cols, method), s), 1e-13) << rows << "x" << cols;
    }
}

TEST(SingularValues, GramLosesWhatIsBelowEightDigitsAndAccurateDoesNot) {
    const std::vector<double> s{1, 1e-3, 1e-10};
    const std::vector<double> a = test::matrix_with(s, 40, 3, Seed{5});
    const double gram = singular_values(std::span<const double>(a), 40, 3, Method::gram)[2];
    const double accurate = singular_values(std::span<const double>(a), 40, 3, Method::accurate)[2];
    EXPECT_NEAR_RELATIVE(accurate, 1e-10, 1e-5);
    EXPECT_FALSE(test::near_relative(gram, 1e-10, 1e-5));   // documented: this is why the other method exists
}

TEST(SingularValues, SingleAndDoublePrecisionValuesAgree) {
    std::vector<float> single;
    std::vector<double> wide;
    for (std::size_t i = 0; i < 12 * 9; ++i) {
        single.push_back(static_cast<float>(Seed{3}.normal(i)));
        wide.push_back(single.back());
    }
    EXPECT_EQ(singular_values(std::span<const float>(single), 12, 9), singular_values(std::span<const double>(wide), 12, 9));
}

TEST(SingularValues, RefuseNonFiniteWeights) {
    const std::vector<double> a{1, std::nan(""), 0, 2};
    EXPECT_THROW(singular_values(std::span<const double>(a), 2, 2), Error);
}

}  // namespace
}  // namespace assay::spectral
