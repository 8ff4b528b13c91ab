#include "libanalysis/spectral/top_eigenvalues.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/linop/matrix_operator.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

namespace assay::spectral {
namespace {

using test::Diagonal;

std::vector<double> spread(std::size_t n) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<double>((i * 7919) % n) - static_cast<double>(n) / 3;
    return values;
}

TEST(TopEigenvalues, OfADiagonalAreItsEntries) {
    // Orders on both sides of the dense path.
    for (const std::size_t n : {1u, 2u, 24u, 25u, 31u, 32u, 33u, 500u}) {
        const std::vector<double> entries = spread(n);
        std::vector<double> sorted = entries;
        std::sort(sorted.begin(), sorted.end());
        const Diagonal a(entries);
        const std::size_t count = std::min<std::size_t>(n, 3);
        const Eigenpairs largest = top_eigenvalues(a, {.count = count, .seed = Seed{n}});
        const Eigenpairs smallest = top_eigenvalues(a, {.count = count, .which = Which::smallest, .seed = Seed{n}});
        ASSERT_TRUE(largest.converged && smallest.converged) << n;
        ASSERT_EQ(largest.values.size(), count);
        const double norm = std::max(std::abs(sorted.front()), std::abs(sorted.back()));
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_NEAR(largest.values[i], sorted[n - 1 - i], 1e-9 * norm) << n;
            EXPECT_NEAR(smallest.values[i], sorted[i], 1e-9 * norm) << n;
            EXPECT_LE(largest.residuals[i], 1e-8 * norm) << n;
        }
        EXPECT_GT(largest.products, 0u);
    }
}

TEST(TopEigenvalues, OfLargestMagnitudeMayBeNegative) {
    std::vector<double> entries = spread(100);
    entries[17] = -1000;
    const Eigenpairs top = top_eigenvalues(Diagonal(entries), {.count = 1, .which = Which::largest_magnitude});
    ASSERT_TRUE(top.converged);
    EXPECT_NEAR_RELATIVE(top.values[0], -1000.0, 1e-9);
}

TEST(TopEigenvalues, OfTheZeroOperatorAreZero) {
    const Eigenpairs top = top_eigenvalues(Diagonal(std::vector<double>(100, 0.0)), {.count = 2});
    EXPECT_TRUE(top.converged);
    EXPECT_EQ(top.values, (std::vector<double>{0, 0}));
}

TEST(TopEigenvalues, SayWhenTheyDidNotConverge) {
    std::vector<double> entries(2000);
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = 1 + 1e-9 * static_cast<double>(i);
    const Eigenpairs top = top_eigenvalues(Diagonal(entries), {.count = 1, .tolerance = 1e-15, .restarts = 1});
    EXPECT_FALSE(top.converged);
}

TEST(TopEigenvalues, RefuseNonFiniteProductsAndBadCounts) {
    std::vector<double> entries = spread(50);
    entries[3] = std::nan("");
    EXPECT_THROW(top_eigenvalues(Diagonal(entries), {}), Error);
    EXPECT_THROW(top_eigenvalues(Diagonal({1, 2}), {.count = 3}), Error);
}

TEST(TopEigenvalues, StopWhenAsked) {
    int products = 0;
    const LanczosOptions options{.poll = [&] {
        if (++products == 5) throw Error(ErrorKind::interrupted, {"", "", "interrupted"});
    }};
    EXPECT_THROW(top_eigenvalues(Diagonal(spread(400)), options), Error);
    EXPECT_EQ(products, 5);
}

TEST(SpectralNorm, OfAMatrixIsTheOneItWasMadeOf) {
    for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{1, 50}, {60, 33}, {33, 60}, {200, 150}, {10, 400}}) {
        std::vector<double> s(std::min(rows, cols));
        for (std::size_t i = 0; i < s.size(); ++i) s[i] = 3.0 / static_cast<double>(i + 1);
        const std::vector<double> a = test::matrix_with(s, rows, cols, Seed{rows + cols});
        const SingularValue top = spectral_norm(linop::MatrixOperator(std::span<const double>(a), rows, cols));
        ASSERT_TRUE(top.converged);
        EXPECT_NEAR_RELATIVE(top.value, 3.0, 1e-12);
        EXPECT_LE(top.error, 1e-9);
    }
}

TEST(SpectralNorm, OfAFlatSpectrumConvergesToo) {
    const std::vector<double> a = test::normals(300 * 900, Seed{11});
    const SingularValue top = spectral_norm(linop::MatrixOperator(std::span<const double>(a), 300, 900));
    ASSERT_TRUE(top.converged);
    // Independent of the starting vector.
    const SingularValue again = spectral_norm(linop::MatrixOperator(std::span<const double>(a), 300, 900), {.seed = Seed{77}});
    EXPECT_NEAR_RELATIVE(top.value, again.value, 1e-10);
    EXPECT_NEAR(top.value, std::sqrt(300.0) + std::sqrt(900.0), 2.0);   // Marchenko-Pastur edge
}

}  // namespace
}  // namespace assay::spectral
