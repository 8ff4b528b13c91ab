#include "libanalysis/spectral/spectrum.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/linop/matrix_operator.hpp"
#include "libanalysis/spectral/lanczos.hpp"
#include "libanalysis/spectral/lapack.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/spectral/places.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

namespace assay::spectral {
namespace {

using test::Counting;
using test::Dense;
using test::Diagonal;
using test::network_like;
using test::Rotated;

class Quadrature : public test::InBothPlaces {
protected:
    Spectrum spectrum_of(const linop::LinearOperator& a, std::span<const linop::Block> blocks, const SpectrumOptions& options) {
        return at(a, [&](const linop::LinearOperator& placed) { return spectral::spectrum(placed, blocks, options); });
    }
};
INSTANTIATE_TEST_SUITE_P(Places, Quadrature, test::both_places(), test::place_name);

TEST_P(Quadrature, HasTheMomentsOfTheEigenvalues) {
    // For a diagonal matrix and probes of signs z'A^j z / n is the mean of lambda^j, and m nodes are exact up to j = 2 m - 1.
    std::vector<double> entries(200);
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = 2 * Seed{6}.uniform(i) - 0.5;
    for (const bool single : {false, true}) {
        const Spectrum spectrum = spectrum_of(Diagonal(entries, single), {}, {.probes = 3, .steps = 6});
        ASSERT_EQ(spectrum.density.nodes.size(), 18u);
        EXPECT_TRUE(std::is_sorted(spectrum.density.nodes.begin(), spectrum.density.nodes.end()));
        for (int power = 0; power <= 11; ++power) {
            double exact = 0, found = 0;
            for (const double x : entries) exact += std::pow(x, power) / 200;
            for (std::size_t i = 0; i < 18; ++i) found += spectrum.density.weights[i] * std::pow(spectrum.density.nodes[i], power);
            EXPECT_NEAR_RELATIVE(found, exact, single ? 20 * test::roundoff<float> : 1e-12) << power;   // powers up to 11
        }
        EXPECT_EQ(spectrum.products, 18u);
        EXPECT_LE(spectrum.orthogonality, 1e-6);
    }
}

TEST_P(Quadrature, OfTwoMassesHasThem) {
    std::vector<double> entries(1000, 1.0);
    std::fill(entries.begin() + 400, entries.end(), 5.0);
    const Diagonal diagonal(entries);
    const Counting counted(diagonal);
    const Spectrum spectrum = spectrum_of(counted, {}, {.probes = 4, .steps = 20});
    EXPECT_EQ(spectrum.products, 8u);   // two values: two steps exhaust the space
    EXPECT_EQ(counted.products(), 8u);
    EXPECT_NEAR(cumulative(spectrum.density, 3), 0.4, 1e-12);
    EXPECT_NEAR(cumulative(spectrum.density, 0.9), 0, 0);
    EXPECT_NEAR(cumulative(spectrum.density, 6), 1, 1e-12);
    EXPECT_NEAR(spectrum.largest, 5, 1e-12);
    EXPECT_NEAR(spectrum.smallest, 1, 1e-12);
    EXPECT_NEAR(spectrum.trace.value, 3400, 1e-9);
    EXPECT_NEAR(spectrum.trace.standard_error, 0, 1e-9);   // of a diagonal matrix with signs as probes
}

TEST_P(Quadrature, WithAsManyStepsAsRowsIsTheWholeOne) {
    const std::size_t n = 40;
    const Dense a(test::symmetric(n, Seed{8}), n);
    std::vector<double> copy = a.values();
    const std::vector<double> exact = lapack::symmetric_eigenvalues(copy, n);
    const Spectrum spectrum = spectrum_of(a, {}, {.probes = 1, .steps = 100});
    ASSERT_EQ(spectrum.density.steps, n);
    EXPECT_LE(test::distance(spectrum.density.nodes, exact), 1e-12);
    EXPECT_NEAR(std::accumulate(spectrum.density.weights.begin(), spectrum.density.weights.end(), 0.0), 1, 1e-12);
    EXPECT_NEAR(spectrum.largest, exact.back(), 1e-11);
    EXPECT_NEAR(spectrum.smallest, exact.front(), 1e-11);
    EXPECT_EQ(spectrum.largest_residual, 0);
}

TEST_P(Quadrature, OfASpikedWishartMatrixHasExactlyThreeOutliers) {
    // Spikes theta on a Marchenko-Pastur bulk with aspect 1 appear at theta^2 / (theta - 1); the bulk is [0, 4].
    const std::size_t n = 2000;
    class Spiked final : public linop::LinearOperator {
    public:
        explicit Spiked(std::size_t order) : z_(order * order), middle_(order) {
            for (std::size_t i = 0; i < z_.size(); ++i) z_[i] = static_cast<float>(Seed{15}.normal(i));
        }
        std::size_t rows() const override { return middle_.size(); }
        std::size_t cols() const override { return middle_.size(); }
        bool symmetric() const override { return true; }
        using LinearOperator::apply;
        void apply(std::span<const double> x, std::span<double> y) const override {
            const linop::MatrixOperator z(std::span<const float>(z_), rows(), rows());
            z.apply_transpose(x, middle_);
            z.apply(middle_, y);
            for (std::size_t i = 0; i < y.size(); ++i) y[i] = y[i] / static_cast<double>(rows()) + (i < 3 ? 5.0 - static_cast<double>(i) : 0) * x[i];
        }
        void apply_transpose(std::span<const double> x, std::span<double> y) const override { apply(x, y); }

    private:
        std::vector<float> z_;
        mutable std::vector<double> middle_;
    };
    const Spiked a(n);
    const double theory[] = {25.0 / 4, 16.0 / 3, 9.0 / 2};
    const Spectrum spectrum = spectrum_of(a, {}, {.probes = 2, .steps = 64});
    std::size_t beyond = 0;
    for (const double node : spectrum.density.nodes) beyond += node > 4.2;
    ASSERT_EQ(beyond, 6u);   // three for each probe, and no ghosts
    for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t last = spectrum.density.nodes.size() - 1;
        EXPECT_NEAR(spectrum.density.nodes[last - 2 * i], theory[i], 0.2);
        EXPECT_NEAR(spectrum.density.nodes[last - 2 * i], spectrum.density.nodes[last - 2 * i - 1], 1e-3);
    }
    // The smoothed density has three peaks beyond the bulk.
    const SmoothDensity density = smooth(spectrum.density, 0.05);
    std::size_t peaks = 0;
    for (std::size_t i = 1; i + 1 < density.grid.size(); ++i)
        peaks += density.grid[i] > 4.3 && density.values[i] > density.values[i - 1] && density.values[i] > density.values[i + 1];
    EXPECT_EQ(peaks, 3u);
    // Half of the bulk's mass lies below the median of Marchenko-Pastur's law of aspect 1, 0.6528 (from its density, numerically).
    EXPECT_NEAR(cumulative(spectrum.density, 0.6528), 0.5, 0.05);
}

TEST_P(Quadrature, SharesItsProductsBetweenTraceNormBlocksAndEnds) {
    const std::vector<double> values = test::power_law(1000, 0.5);
    const Rotated a(values, Seed{1});
    const std::vector<linop::Block> blocks{{"first", 0, 300}, {"second", 300, 700}, {"none", 1000, 0}};
    const Spectrum spectrum = spectrum_of(a, blocks, {.probes = 10, .steps = 30});
    EXPECT_EQ(spectrum.products, 300u);
    EXPECT_NEAR(spectrum.trace.value, 61.8010087652, 5 * spectrum.trace.standard_error);
    EXPECT_GT(spectrum.trace.standard_error, 0);
    EXPECT_NEAR(spectrum.frobenius.value, std::sqrt(7.4854708606), 5 * spectrum.frobenius.standard_error);   // sum of 1 / i
    ASSERT_EQ(spectrum.block_traces.size(), 3u);
    EXPECT_NEAR_RELATIVE(spectrum.block_traces[0].value + spectrum.block_traces[1].value, spectrum.trace.value, 1e-12);
    EXPECT_EQ(spectrum.block_traces[2].value, 0);
    double first = 0;   // written out
    std::vector<double> unit(1000), column(1000);
    for (std::size_t i = 0; i < 300; ++i) {
        unit[i] = 1;
        a.apply(unit, column);
        unit[i] = 0;
        first += column[i];
    }
    EXPECT_NEAR(spectrum.block_traces[0].value, first, 5 * spectrum.block_traces[0].standard_error);
    EXPECT_NEAR(spectrum.largest, 1, 1e-3);
    EXPECT_LE(std::abs(spectrum.largest - 1), spectrum.largest_residual + 1e-12);
    EXPECT_THROW(spectrum_of(a, std::vector<linop::Block>{{"out", 900, 101}}, {}), Error);
}

TEST_P(Quadrature, IsTheSameForAnyNumberOfThreads) {
    std::vector<double> entries(300000);
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = 10 / std::sqrt(1.0 + static_cast<double>(i));
    const Diagonal a(entries, true);
    const Spectrum one = spectrum_of(a, {}, {.probes = 2, .steps = 10, .threads = 1});
    for (const int threads : {2, 4}) {
        const Spectrum many = spectrum_of(a, {}, {.probes = 2, .steps = 10, .threads = threads});
        EXPECT_EQ(many.density.nodes, one.density.nodes);
        EXPECT_EQ(many.density.weights, one.density.weights);
        EXPECT_EQ(many.trace.value, one.trace.value);
    }
}

TEST_P(Quadrature, RefusesTooLittleMemoryNothingAndNonFiniteProducts) {
    const Diagonal a(network_like(1000));
    EXPECT_THROW(spectrum_of(a, {}, {.steps = 50, .memory = 50 * 1000 * 8}), Error);
    EXPECT_THROW(spectrum_of(a, {}, {.probes = 0}), Error);
    EXPECT_THROW(spectrum_of(Dense({1, 2, 3, 4}, 2, false), {}, {}), Error);
    EXPECT_THROW(spectrum_of(Diagonal({1, std::nan(""), 2}), {}, {}), Error);
    std::size_t last = 0;
    spectrum_of(a, {}, {.probes = 2, .steps = 5, .progress = [&](std::size_t done, std::size_t of) {
        EXPECT_EQ(done, last + 1);
        EXPECT_EQ(of, 10u);
        last = done;
    }});
    EXPECT_EQ(last, 10u);
}

TEST(SmoothDensity, IsGaussianOnAGridTiedToIt) {
    const Density one{.nodes = {-2, 7}, .weights = {0.25, 0.75}, .probes = 1, .steps = 2};
    const SmoothDensity density = smooth(one, 0.1);
    EXPECT_LE(density.grid.front(), -2 - 0.5 + 1e-12);
    EXPECT_GE(density.grid.back(), 7 + 0.5 - 1e-12);
    double integral = 0;
    for (std::size_t i = 0; i < density.grid.size(); ++i) {
        const double spacing = density.grid[1] - density.grid[0];
        EXPECT_LE(spacing, 0.1 / 4 * (1 + 1e-12));
        const auto bell = [&](double at) { return std::exp(-std::pow((density.grid[i] - at) / 0.1, 2) / 2) / (0.1 * std::sqrt(2 * std::numbers::pi)); };
        ASSERT_NEAR(density.values[i], 0.25 * bell(-2) + 0.75 * bell(7), 1e-12);
        integral += density.values[i] * spacing;
    }
    EXPECT_NEAR(integral, 1, 1e-5);   // what lies beyond five sigma: 6e-7
    EXPECT_NEAR(smooth(one).sigma, 4.5, 1e-15);   // range / steps
    // Ranges of many orders keep their masses: the grid follows the kernel.
    const Density wide{.nodes = {0, 1e5}, .weights = {0.5, 0.5}, .probes = 1, .steps = 100};
    const SmoothDensity far = smooth(wide);
    double low = 0;
    for (std::size_t i = 0; i < far.grid.size(); ++i)
        if (far.grid[i] < 5e4) low += far.values[i] * (far.grid[1] - far.grid[0]);
    EXPECT_NEAR(low, 0.5, 1e-5);
    EXPECT_THROW(smooth(wide, 1e-6), Error);
    EXPECT_TRUE(smooth(Density{}).grid.empty());
    const SmoothDensity single = smooth(Density{.nodes = {3}, .weights = {1}, .probes = 1, .steps = 1});
    EXPECT_GT(single.sigma, 0);
}

}  // namespace
}  // namespace assay::spectral
