#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/lanczos.hpp"
#include "libanalysis/spectral/lapack.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

namespace assay::spectral {
namespace {

using test::Counting;
using test::Dense;
using test::Diagonal;
using test::network_like;

TEST(SpectraSolver, IsTheDenseAnswerAtBothEnds) {
    for (const std::size_t n : {1u, 2u, 24u, 25u, 33u, 120u}) {
        const Dense a(test::symmetric(n, Seed{n}), n);
        std::vector<double> copy = a.values();
        const std::vector<double> exact = lapack::symmetric_eigenvalues(copy, n);
        const double scale = std::max(std::abs(exact.front()), std::abs(exact.back()));
        const std::size_t k = (n + 1) / 2 < 4 ? (n + 1) / 2 : 4, l = std::min<std::size_t>(n - k, 2);
        const Counting counted(a);
        const Eigenvalues ends = spectra(counted, {.largest = k, .smallest = l, .tolerance = 1e-11});
        ASSERT_TRUE(ends.converged) << n;
        EXPECT_EQ(ends.solver, n <= 24 ? "dense" : "spectra");
        EXPECT_EQ(ends.products + ends.verification_products, counted.products());
        for (std::size_t i = 0; i < k; ++i) EXPECT_NEAR(ends.largest[i].value, exact[n - 1 - i], 1e-12 * scale) << n;
        for (std::size_t i = 0; i < l; ++i) EXPECT_NEAR(ends.smallest[i].value, exact[i], 1e-12 * scale) << n;
    }
}

TEST(SpectraSolver, CertifiesTheOwnSolver) {
    const Diagonal a(network_like(), true);
    const Eigenvalues own = lanczos(a, {.largest = 10, .smallest = 2, .tolerance = 1e-6});
    const Eigenvalues other = spectra(a, {.largest = 10, .smallest = 2, .tolerance = 1e-10, .seed = Seed{4}});
    ASSERT_TRUE(own.converged && other.converged);
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_NEAR_RELATIVE(own.largest[i].value, other.largest[i].value, test::roundoff<float>);
        double dot = 0;
        for (std::size_t j = 0; j < a.rows(); ++j) dot += own.largest[i].vector[j] * other.largest[i].vector[j];
        EXPECT_NEAR(std::abs(dot), 1, 1e-6);
    }
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR_RELATIVE(own.smallest[i].value, other.smallest[i].value, test::roundoff<float>);
    EXPECT_LE(own.products, other.products);
}

TEST(SpectraSolver, HoldsItsBoundsAndSaysWhenItDidNotConverge) {
    const Diagonal a(network_like());
    const Eigenvalues cut = spectra(a, {.largest = 20, .tolerance = 1e-12, .max_products = 45});
    EXPECT_FALSE(cut.converged);
    EXPECT_LE(cut.products, 90u);   // one restart beyond the limit at most
    EXPECT_THROW(spectra(a, {.largest = 5, .memory = 6 * a.rows() * sizeof(double)}), Error);
    EXPECT_THROW(spectra(Dense({1, 2, 3, 4}, 2, false), {}), Error);
    std::vector<double> entries = network_like();
    entries[7] = std::nan("");
    EXPECT_THROW(spectra(Diagonal(entries), {}), Error);
    const Eigenvalues zero = spectra(Diagonal(std::vector<double>(100)), {.largest = 2});
    EXPECT_TRUE(zero.converged);
    EXPECT_EQ(zero.largest[1].value, 0);
}

}  // namespace
}  // namespace assay::spectral
