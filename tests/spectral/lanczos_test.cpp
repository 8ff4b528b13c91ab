#include "libanalysis/spectral/lanczos.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/lapack.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/spectral/places.hpp"
#include "tests/support/tolerance.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

namespace assay::spectral {
namespace {

using test::Counting;
using test::Dense;
using test::Diagonal;
using test::network_like;

class Lanczos : public test::InBothPlaces {
protected:
    Eigenvalues lanczos(const linop::LinearOperator& a, const EigenOptions& options) {
        return at(a, [&](const linop::LinearOperator& placed) { return spectral::lanczos(placed, options); });
    }
};
INSTANTIATE_TEST_SUITE_P(Places, Lanczos, test::both_places(), test::place_name);

std::vector<double> values_of(const std::vector<Eigenpair>& pairs) {
    std::vector<double> values;
    for (const Eigenpair& pair : pairs) values.push_back(pair.value);
    return values;
}

/// || A v - value v || / |largest| and |1 - ||v|||, from the vector handed out.
void expect_eigenvector(const linop::LinearOperator& a, const Eigenpair& pair, double tolerance, double scale) {
    std::vector<double> image(a.rows());
    a.apply(pair.vector, image);
    double residual = 0, squared = 0;
    for (std::size_t i = 0; i < image.size(); ++i) {
        residual += std::pow(image[i] - pair.value * pair.vector[i], 2);
        squared += pair.vector[i] * pair.vector[i];
    }
    EXPECT_NEAR(squared, 1.0, 1e-6);
    EXPECT_LE(std::sqrt(residual), tolerance * scale);
    EXPECT_NEAR(std::sqrt(residual), pair.true_residual, 1e-6 * scale);
}

TEST_P(Lanczos, OfNumbersOneToTenAreTheTopThree) {
    std::vector<double> entries(10);
    std::iota(entries.begin(), entries.end(), 1.0);
    const Eigenvalues top = lanczos(Diagonal(entries), {.largest = 3, .tolerance = 1e-12});
    ASSERT_TRUE(top.converged);
    EXPECT_LE(test::distance(values_of(top.largest), std::vector<double>{10, 9, 8}), 1e-13);
    EXPECT_LE(top.products, 10u);   // the order: then the space is the whole one
}

TEST_P(Lanczos, BoundariesAreThoseOfTheDiagonal) {
    const Eigenvalues ends = lanczos(Diagonal({1, 2, 3, 4, 5}), {.largest = 1, .smallest = 1, .tolerance = 1e-12});
    EXPECT_NEAR(ends.largest[0].value, 5, 1e-13);
    EXPECT_NEAR(ends.smallest[0].value, 1, 1e-13);
    const Eigenvalues signs = lanczos(Diagonal({-2, -1, 3, 4, 5}), {.largest = 1, .smallest = 2, .tolerance = 1e-12});
    EXPECT_NEAR(signs.largest[0].value, 5, 1e-13);
    EXPECT_LE(test::distance(values_of(signs.smallest), std::vector<double>{-2, -1}), 1e-13);
}

TEST_P(Lanczos, OfAnyOrderIsTheDenseAnswerAtBothEnds) {
    for (const std::size_t n : {1u, 2u, 3u, 7u, 8u, 9u, 31u, 32u, 33u, 150u}) {
        const Dense a(test::symmetric(n, Seed{n}), n);
        std::vector<double> copy = a.values();
        const std::vector<double> exact = lapack::symmetric_eigenvalues(copy, n);
        const double scale = std::max(std::abs(exact.front()), std::abs(exact.back()));
        for (const std::size_t k : {std::size_t{1}, std::min<std::size_t>(n / 2, 4)}) {
            if (k == 0) continue;
            const std::size_t l = std::min<std::size_t>(n - k, 3);
            const Eigenvalues ends = lanczos(a, {.largest = k, .smallest = l, .tolerance = 1e-11, .seed = Seed{5}});
            ASSERT_TRUE(ends.converged) << n;
            ASSERT_EQ(ends.largest.size(), k);
            ASSERT_EQ(ends.smallest.size(), l);
            for (std::size_t i = 0; i < k; ++i) EXPECT_NEAR(ends.largest[i].value, exact[n - 1 - i], 1e-12 * scale) << n;
            for (std::size_t i = 0; i < l; ++i) EXPECT_NEAR(ends.smallest[i].value, exact[i], 1e-12 * scale) << n;
            for (const Eigenpair& pair : ends.largest) expect_eigenvector(a, pair, 1e-10, scale);
            for (const Eigenpair& pair : ends.smallest) expect_eigenvector(a, pair, 1e-10, scale);
            EXPECT_LE(ends.orthogonality, 1e-14);
            EXPECT_EQ(ends.verification_products, 0u);
        }
    }
}

TEST_P(Lanczos, VerifiesFromKeptProductsAsWithFurtherOnes) {
    // Memory for many vectors keeps the products; memory for few restarts and multiplies once more for every pair.
    const std::size_t n = network_like().size();
    const Diagonal wide(network_like()), narrow(network_like(), true);
    for (const Diagonal* a : {&wide, &narrow}) {
        const std::size_t vector = n * (a->single_precision() ? sizeof(float) : sizeof(double));
        const EigenOptions kept{.largest = 5, .smallest = 1, .tolerance = 1e-3, .memory = 2 * 36 * vector, .seed = Seed{1}};
        EigenOptions few = kept;
        few.memory = 2 * 36 * vector - 1;
        EigenOptions restarted = kept;
        restarted.memory = 20 * vector;
        const Eigenvalues by_images = lanczos(*a, kept), by_products = lanczos(*a, few), after_restarts = lanczos(*a, restarted);
        EXPECT_EQ(by_images.verification_products, 0u);
        EXPECT_EQ(by_products.verification_products, 6u);
        EXPECT_EQ(after_restarts.verification_products, 6u);
        const double rounding = 10 * (a->single_precision() ? 1.2e-7 : 2.3e-16) * by_images.largest[0].value;
        for (std::size_t i = 0; i < 5; ++i) {
            EXPECT_NEAR(by_images.largest[i].value, by_products.largest[i].value, rounding) << i;
            EXPECT_NEAR(by_images.largest[i].true_residual, by_products.largest[i].true_residual, rounding) << i;
            ASSERT_GE(by_images.largest[i].true_residual, 0) << i;
        }
        // A second product of the returned vectors: the residual that is claimed is the residual that is there, kept or restarted.
        for (const Eigenvalues* found : {&by_images, &after_restarts})
            for (const Eigenpair& pair : found->largest) {
                std::vector<double> image(n);
                a->apply(std::span<const double>(pair.vector), std::span<double>(image));
                double squared = 0;
                for (std::size_t i = 0; i < n; ++i) squared += std::pow(image[i] - pair.value * pair.vector[i], 2);
                EXPECT_NEAR(std::sqrt(squared), pair.true_residual, rounding);
            }
    }
}

TEST_P(Lanczos, OfAllEigenvaluesIsTheWholeSpectrum) {
    const std::size_t n = 40;
    const Dense a(test::symmetric(n, Seed{3}), n);
    std::vector<double> copy = a.values();
    std::vector<double> exact = lapack::symmetric_eigenvalues(copy, n);
    std::reverse(exact.begin(), exact.end());
    const Eigenvalues all = lanczos(a, {.largest = n, .tolerance = 1e-10});
    ASSERT_TRUE(all.converged);
    EXPECT_LE(test::distance(values_of(all.largest), exact), 1e-13);
    EXPECT_EQ(all.products, n);
}

TEST_P(Lanczos, NeedsFewProductsOnASpectrumAsOfANetwork) {
    // curvature.md's synthetic Hessian: 18 products with a residual test at every step.
    const Diagonal wide(network_like());
    const Diagonal narrow(network_like(), true);
    for (const Diagonal* a : {&wide, &narrow}) {
        const Counting counted(*a);
        const Eigenvalues top = lanczos(counted, {.largest = 10, .tolerance = 1e-3, .seed = Seed{1}});
        ASSERT_TRUE(top.converged);
        EXPECT_LE(top.products, 22u);
        EXPECT_EQ(top.products + top.verification_products, counted.products());
        EXPECT_EQ(top.verification_products, 0u);   // measured from the kept products of the basis
        EXPECT_EQ(counted.narrow_products(), a->single_precision() ? counted.products() : 0u);
        std::vector<double> exact = network_like();
        std::sort(exact.begin(), exact.end(), std::greater<>());
        for (std::size_t i = 0; i < 10; ++i) EXPECT_NEAR_RELATIVE(top.largest[i].value, exact[i], 1e-5) << i;
        for (const Eigenpair& pair : top.largest) EXPECT_LE(pair.true_residual, 1e-3 * pair.value);
        EXPECT_LE(top.orthogonality, 1e-6);
    }
}

TEST_P(Lanczos, FindsTheNegativeEndWithItsSignInTheSameRun) {
    const Diagonal a(network_like(), true);
    std::vector<double> exact = network_like();
    std::sort(exact.begin(), exact.end());
    const Eigenvalues ends = lanczos(a, {.largest = 3, .smallest = 3, .tolerance = 1e-3});
    ASSERT_TRUE(ends.converged);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR_RELATIVE(ends.smallest[i].value, exact[i], 1e-3);
        EXPECT_NEAR_RELATIVE(ends.largest[i].value, exact[exact.size() - 1 - i], 1e-5);
    }
    EXPECT_LT(ends.smallest[0].value, 0);
}

/// Lanczos as curvature.md 11.4 warns of: single precision and no reorthogonalisation.
std::vector<double> naive_ritz_values(const Diagonal& a, std::size_t steps) {
    const std::size_t n = a.rows();
    std::vector<float> v(n), before(n), w(n);
    double squared = 0;
    for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(Seed{1}.normal(i)), squared += v[i] * v[i];
    for (float& x : v) x = static_cast<float>(x / std::sqrt(squared));
    std::vector<double> diagonal, off;
    for (std::size_t step = 0; step < steps; ++step) {
        a.apply(std::span<const float>(v), std::span<float>(w));
        const double beta = off.size() < diagonal.size() || diagonal.empty() ? 0 : off.back();
        double alpha = 0, length = 0;
        for (std::size_t i = 0; i < n; ++i) alpha += static_cast<double>(v[i]) * w[i];
        for (std::size_t i = 0; i < n; ++i) {
            w[i] = static_cast<float>(w[i] - alpha * v[i] - beta * before[i]);
            length += static_cast<double>(w[i]) * w[i];
        }
        diagonal.push_back(alpha);
        off.push_back(std::sqrt(length));
        before = v;
        for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(w[i] / off.back());
    }
    off.pop_back();
    return lapack::tridiagonal_eigenpairs(diagonal, off).values;
}

TEST_P(Lanczos, HasNoGhostsWhereTheRecurrenceAloneHas) {
    const Diagonal a(network_like(), true);
    const std::vector<double> naive = naive_ritz_values(a, 60);
    const auto copies = [&](double value, const std::vector<double>& values) {
        return std::count_if(values.begin(), values.end(), [&](double x) { return std::abs(x - value) < 1e-2; });
    };
    EXPECT_GE(copies(165, naive), 2);   // the trap is real
    const Eigenvalues ours = lanczos(a, {.largest = 20, .tolerance = 1e-6, .seed = Seed{1}});
    EXPECT_GE(ours.products, 40u);
    EXPECT_LE(ours.orthogonality, 1e-6);
    std::vector<double> exact = network_like();
    std::sort(exact.begin(), exact.end(), std::greater<>());
    for (std::size_t i = 0; i < 20; ++i) {
        EXPECT_NEAR_RELATIVE(ours.largest[i].value, exact[i], 1e-5);
        EXPECT_EQ(copies(exact[i], values_of(ours.largest)), 1);
    }
}

TEST_P(Lanczos, FindsAMultipleEigenvalueAsOftenAsItIs) {
    // Twenty distinct values, each three times: a Krylov space has at most twenty dimensions.
    std::vector<double> entries;
    for (int i = 1; i <= 20; ++i) entries.insert(entries.end(), 3, i);
    const Diagonal a(entries);
    const Eigenvalues probed = lanczos(a, {.largest = 5, .smallest = 4, .tolerance = 1e-10, .probe = true});
    ASSERT_TRUE(probed.converged);
    EXPECT_LE(test::distance(values_of(probed.largest), std::vector<double>{20, 20, 20, 19, 19}), 1e-12);
    EXPECT_LE(test::distance(values_of(probed.smallest), std::vector<double>{1, 1, 1, 2}), 1e-12);
    EXPECT_LE(probed.orthogonality, 1e-14);
    // The space is exhausted before thirty pairs are there: the search goes on without being asked.
    const Eigenvalues many = lanczos(a, {.largest = 30, .tolerance = 1e-10});
    ASSERT_TRUE(many.converged);
    for (std::size_t i = 0; i < 30; ++i) EXPECT_NEAR(many.largest[i].value, 20.0 - static_cast<double>(i / 3), 1e-12) << i;
}

TEST_P(Lanczos, OfAFarClusterFindsEveryMember) {
    // Relative distance 1e-4 within a tolerance of 1e-3: one vector may stand for two unless the search looks again.
    std::vector<double> entries = network_like();
    entries[1] = entries[0] * (1 - 1e-4);
    entries[2] = entries[0];
    const Eigenvalues top = lanczos(Diagonal(entries, true), {.largest = 4, .tolerance = 1e-3, .probe = true});
    ASSERT_TRUE(top.converged);
    std::sort(entries.begin(), entries.end(), std::greater<>());
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR_RELATIVE(top.largest[i].value, entries[i], 2e-4);
}

TEST_P(Lanczos, OfLowRankAndZeroOperatorsEnds) {
    std::vector<double> entries(1000);
    entries[3] = 2, entries[500] = 7, entries[999] = 4;
    const Eigenvalues top = lanczos(Diagonal(entries), {.largest = 5, .tolerance = 1e-8});
    ASSERT_TRUE(top.converged);
    EXPECT_LE(test::distance(values_of(top.largest), std::vector<double>{7, 4, 2, 0, 0}), 1e-13);
    EXPECT_LE(top.products, 20u);
    const Eigenvalues zero = lanczos(Diagonal(std::vector<double>(1000)), {.largest = 2, .smallest = 1});
    ASSERT_TRUE(zero.converged);
    EXPECT_EQ(values_of(zero.largest), (std::vector<double>{0, 0}));
}

TEST_P(Lanczos, WithLittleMemoryRestartsAndFindsTheSame) {
    std::vector<double> exact = network_like();
    std::sort(exact.begin(), exact.end());
    const Diagonal a(network_like());
    for (const std::size_t vectors : {12u, 18u, 24u}) {
        const Eigenvalues ends = lanczos(a, {.largest = 5, .smallest = 3, .tolerance = 1e-6, .max_products = 2000,
                                             .memory = vectors * a.rows() * sizeof(double)});
        ASSERT_TRUE(ends.converged) << vectors;
        EXPECT_GT(ends.restarts, 0u);
        EXPECT_LE(ends.basis, vectors);
        EXPECT_LE(ends.orthogonality, 1e-14);
        for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR_RELATIVE(ends.largest[i].value, exact[exact.size() - 1 - i], 1e-10);
        for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR_RELATIVE(ends.smallest[i].value, exact[i], 1e-9);
    }
    const Eigenvalues narrow = lanczos(Diagonal(network_like(), true), {.largest = 5, .smallest = 3, .tolerance = 1e-5, .max_products = 2000,
                                                                         .memory = 20 * a.rows() * sizeof(float)});
    ASSERT_TRUE(narrow.converged);
    EXPECT_GT(narrow.restarts, 0u);
    EXPECT_LE(narrow.orthogonality, 1e-6);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR_RELATIVE(narrow.largest[i].value, exact[exact.size() - 1 - i], test::roundoff<float>);
    EXPECT_THROW(lanczos(a, {.largest = 5, .memory = 8 * a.rows() * sizeof(double)}), Error);
}

TEST_P(Lanczos, StartedWarmSavesProductsAndIsNotFooled) {
    const Diagonal a(network_like(), true);
    const Eigenvalues cold = lanczos(a, {.largest = 1, .tolerance = 1e-4, .seed = Seed{2}});
    const Eigenvalues warm = lanczos(a, {.largest = 1, .tolerance = 1e-4, .seed = Seed{3}, .start = cold.largest[0].vector});
    ASSERT_TRUE(cold.converged && warm.converged);
    EXPECT_LT(warm.products, cold.products);
    EXPECT_NEAR_RELATIVE(warm.largest[0].value, 165.0, 1e-6);
    // Started at the eigenvector of the second, which passes for the first unless the search looks again.
    std::vector<double> second(a.rows());
    std::vector<double> entries = network_like();
    second[1] = 1;
    ASSERT_EQ(entries[1], 146.25);
    const Eigenvalues other = lanczos(a, {.largest = 1, .tolerance = 1e-4, .start = second, .probe = true});
    EXPECT_NEAR_RELATIVE(other.largest[0].value, 165.0, 1e-6);
}

TEST_P(Lanczos, HasTheSameBitsForAnyNumberOfThreads) {
    // Large enough that threads are used: 64 blocks of rows.
    std::vector<double> entries(1 << 20);
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = 100.0 / static_cast<double>(1 + i) - 1e-6 * static_cast<double>(i);
    const Diagonal a(entries, true);
    const Eigenvalues one = lanczos(a, {.largest = 3, .smallest = 1, .max_products = 14, .threads = 1});
    for (const int threads : {2, 4}) {
        const Eigenvalues many = lanczos(a, {.largest = 3, .smallest = 1, .max_products = 14, .threads = threads});
        ASSERT_EQ(values_of(many.largest), values_of(one.largest));
        ASSERT_EQ(values_of(many.smallest), values_of(one.smallest));
        ASSERT_EQ(many.largest[2].vector, one.largest[2].vector);
        ASSERT_EQ(many.largest[2].true_residual, one.largest[2].true_residual);
    }
}

TEST_P(Lanczos, SaysWhenItDidNotConverge) {
    const Eigenvalues cut = lanczos(Diagonal(network_like()), {.largest = 10, .tolerance = 1e-5, .max_products = 14});
    EXPECT_FALSE(cut.converged);
    EXPECT_EQ(cut.products, 14u);
    EXPECT_TRUE(cut.largest[0].converged);
    EXPECT_FALSE(cut.largest[9].converged);
    EXPECT_GT(cut.largest[9].true_residual, 1e-5 * cut.largest[9].value);
    const Eigenvalues few = lanczos(Diagonal(network_like()), {.largest = 10, .max_products = 4});
    EXPECT_FALSE(few.converged);
    EXPECT_EQ(few.largest.size(), 4u);
}

TEST_P(Lanczos, ReportsEveryStepAndTimes) {
    std::vector<std::size_t> seen;
    double last = 0;
    const Eigenvalues top = lanczos(Diagonal(network_like()), {.largest = 2, .smallest = 1, .progress = [&](const LanczosStep& step) {
        seen.push_back(step.products);
        last = step.values[0];
        ASSERT_EQ(step.values.size(), step.residuals.size());
    }});
    ASSERT_EQ(seen.size(), top.products);
    EXPECT_EQ(seen.back(), top.products);
    EXPECT_NEAR_RELATIVE(last, 165.0, 1e-3);
    EXPECT_GT(top.product_seconds, 0);
    EXPECT_GT(top.overhead_seconds, 0);
    EXPECT_EQ(top.solver, "lanczos");
}

TEST_P(Lanczos, RefusesWhatItCannotAnswer) {
    std::vector<double> entries(50, 1.0);
    entries[3] = std::nan("");
    try {
        lanczos(Diagonal(entries), {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::data);
    }
    entries[3] = std::numeric_limits<double>::infinity();
    EXPECT_THROW(lanczos(Diagonal(entries, true), {}), Error);
    try {
        lanczos(Dense(std::vector<double>{1, 2, 3, 4}, 2, false), {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::internal);
    }
    EXPECT_THROW(lanczos(Diagonal({1, 2}), {.largest = 2, .smallest = 1}), Error);
    EXPECT_THROW(lanczos(Diagonal({1, 2}), {.largest = 0}), Error);
}

TEST_P(Lanczos, StopsWhenAsked) {
    int products = 0;
    const EigenOptions options{.largest = 10, .poll = [&] {
        if (++products == 5) throw Error(ErrorKind::interrupted, {"", "", "interrupted"});
    }};
    EXPECT_THROW(lanczos(Diagonal(network_like()), options), Error);
    EXPECT_EQ(products, 5);
}

}  // namespace
}  // namespace assay::spectral
