// Vectors on a device: the same numbers as on the host, and nothing of their length passes between the two on the way.

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/basis.hpp"
#include "libanalysis/spectral/eigenpairs.hpp"
#include "libanalysis/spectral/spectrum.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/spectral/places.hpp"
#include "tests/support/tolerance.hpp"

#include <array>
#include <cmath>
#include <string>

namespace assay::spectral {
namespace {

using test::DeviceDouble;
using test::Diagonal;
using test::DiagonalOnDevice;
using test::network_like;
using test::OnDevice;
using test::Traffic;

class OnADevice : public testing::TestWithParam<bool> {
protected:
    const bool single = GetParam();
    const double rounding = single ? 20 * test::roundoff<float> : 1e-12;
    DeviceDouble device;
    const Diagonal host{network_like(), single};
    const DiagonalOnDevice there{network_like(), single, device};
    const std::size_t n = host.rows(), bytes = n * (single ? sizeof(float) : sizeof(double));

    void expect_alike(const Eigenvalues& found, const Eigenvalues& expected) const {
        EXPECT_TRUE(found.converged);
        EXPECT_EQ(found.products, expected.products);
        EXPECT_EQ(found.verification_products, expected.verification_products);
        EXPECT_EQ(found.restarts, expected.restarts);
        EXPECT_EQ(found.basis, expected.basis);
        EXPECT_LE(found.orthogonality, single ? 1e-6 : 1e-14);
        const double scale = std::abs(expected.largest[0].value);
        const auto compare = [&](const std::vector<Eigenpair>& ours, const std::vector<Eigenpair>& theirs) {
            ASSERT_EQ(ours.size(), theirs.size());
            for (std::size_t i = 0; i < ours.size(); ++i) {
                EXPECT_LE(std::abs(ours[i].value - theirs[i].value), rounding * scale) << i;
                EXPECT_LE(std::abs(ours[i].true_residual - theirs[i].true_residual), rounding * scale) << i;
                ASSERT_EQ(ours[i].vector.size(), n);
                double overlap = 0;
                for (std::size_t k = 0; k < n; ++k) overlap += ours[i].vector[k] * theirs[i].vector[k];
                EXPECT_NEAR(std::abs(overlap), 1, 1e-5) << i;
            }
        };
        compare(found.largest, expected.largest);
        compare(found.smallest, expected.smallest);
    }
};
INSTANTIATE_TEST_SUITE_P(BothPrecisions, OnADevice, testing::Bool(), testing::PrintToStringParamName());

TEST_P(OnADevice, LanczosFindsWhatItFindsOnTheHost) {
    EigenOptions options{.largest = 5, .smallest = 2, .tolerance = single ? 1e-4 : 1e-8, .max_products = 2000};
    expect_alike(lanczos(there, options), lanczos(host, options));
    options.memory = 17 * bytes;   // restarts, and verifies with further products
    const Eigenvalues restarted = lanczos(there, options);
    EXPECT_GT(restarted.restarts, 0u);
    EXPECT_GT(restarted.verification_products, 0u);
    expect_alike(restarted, lanczos(host, options));
    options.probe = true;   // locks what it has found and looks again
    expect_alike(lanczos(there, options), lanczos(host, options));
    const Eigenvalues first = lanczos(host, {.largest = 1});
    const EigenOptions warm{.largest = 1, .tolerance = 1e-3, .start = first.largest[0].vector};
    expect_alike(lanczos(there, warm), lanczos(host, warm));
}

TEST_P(OnADevice, QuadratureAndTracesAreThoseOfTheHost) {
    const std::vector<linop::Block> blocks{{"first", 0, 7}, {"none", 7, 0}, {"second", 9, n - 9}};
    const SpectrumOptions options{.probes = 2, .steps = 12};
    const Spectrum ours = spectrum(there, blocks, options), theirs = spectrum(host, blocks, options);
    EXPECT_LE(test::distance(ours.density.nodes, theirs.density.nodes), rounding);
    // A node's weight hangs on its vector, which is less well determined than its value.
    EXPECT_LE(test::distance(ours.density.weights, theirs.density.weights), single ? 1e-2 : 1e-8);
    EXPECT_LE(std::abs(ours.trace.value - theirs.trace.value), rounding * std::abs(theirs.trace.value));
    EXPECT_NEAR_RELATIVE(ours.frobenius.value, theirs.frobenius.value, rounding);
    ASSERT_EQ(ours.block_traces.size(), 3u);
    for (std::size_t b = 0; b < 3; ++b) EXPECT_NEAR_RELATIVE(ours.block_traces[b].value, theirs.block_traces[b].value, rounding) << b;
    EXPECT_NEAR_RELATIVE(ours.largest, theirs.largest, rounding);
    EXPECT_NEAR_RELATIVE(ours.smallest, theirs.smallest, rounding);

    const TraceOptions spend{.products = 24, .seed = Seed{4}};
    for (const auto estimator : {hutchinson_trace, frobenius_norm, xtrace})
        EXPECT_NEAR_RELATIVE(estimator(there, spend).value, estimator(host, spend).value, rounding);
    EXPECT_NEAR_RELATIVE(xtrace(there, spend).standard_error, xtrace(host, spend).standard_error, single ? 1e-2 : 1e-9);
    const DiagonalEstimate diagonal = hutchinson_diagonal(there, spend), expected = hutchinson_diagonal(host, spend);
    EXPECT_LE(test::distance(diagonal.values, expected.values), test::roundoff<double>);
}

TEST_P(OnADevice, NoVectorPassesDuringASearch) {
    // Restarts and all: one start vector goes there, and what was asked for comes back.
    EigenOptions options{.largest = 5, .smallest = 2, .tolerance = single ? 1e-4 : 1e-8, .max_products = 2000, .memory = 17 * bytes, .vectors = false};
    device.traffic().clear();
    const Eigenvalues found = lanczos(there, options);
    ASSERT_GT(found.products, 30u);
    ASSERT_GT(found.restarts, 0u);
    EXPECT_EQ(device.traffic().downloads().calls, 0u);
    EXPECT_EQ(device.traffic().uploads().calls, 1u);
    EXPECT_EQ(device.traffic().uploads().bytes, bytes);
    options.vectors = true;
    device.traffic().clear();
    lanczos(there, options);
    EXPECT_EQ(device.traffic().downloads().calls, 7u);
    EXPECT_EQ(device.traffic().downloads().bytes, 7 * bytes);
    // One more random start for every search anew.
    options.vectors = false, options.probe = true;
    device.traffic().clear();
    lanczos(there, options);
    EXPECT_EQ(device.traffic().downloads().calls, 0u);
    EXPECT_GE(device.traffic().uploads().calls, 2u);
    EXPECT_LE(device.traffic().uploads().calls, 6u);
}

TEST_P(OnADevice, ProbesGoThereAndNumbersComeBack) {
    const auto passes = [&](auto&& run) {
        device.traffic().clear();
        run();
        return std::array{device.traffic().uploads().calls, device.traffic().downloads().calls, device.traffic().downloads().largest};
    };
    using Passed = std::array<std::size_t, 3>;
    const std::size_t entry = single ? sizeof(float) : sizeof(double);
    const std::vector<linop::Block> blocks{{"first", 0, 7}, {"second", 7, n - 7}};
    EXPECT_EQ(passes([&] { spectrum(there, blocks, {.probes = 3, .steps = 10}); }), (Passed{3, 3, entry}));   // one entry gives the probe's length
    EXPECT_EQ(passes([&] { hutchinson_trace(there, {.products = 4}); }), (Passed{4, 0, 0}));
    EXPECT_EQ(passes([&] { frobenius_norm(there, {.products = 4}); }), (Passed{4, 0, 0}));
    EXPECT_EQ(passes([&] { xtrace(there, {.products = 20}); }), (Passed{20, 0, 0}));   // every test vector twice
    EXPECT_EQ(passes([&] { hutchinson_diagonal(there, {.products = 4}); }), (Passed{4, 8, bytes}));
}

/// Two bases of one kind with the same vectors, for what they have to agree in.
TEST_P(OnADevice, BasesAgreeInEveryPass) {
    const auto compare = [&]<class T>(T) {
        const std::size_t length = 200001;   // more than the least range of a combination, and odd
        const Diagonal a(std::vector<double>(length, 1.0), single);
        const OnDevice moved(a, device);
        const auto ours = make_basis<T>(moved, 1), images = make_basis<T>(moved, 1);
        const auto theirs = make_basis<T>(a, 1), other = make_basis<T>(a, 1);
        for (Basis<T>* basis : {ours.get(), theirs.get()}) {
            for (std::size_t i = 0; i < 6; ++i)
                basis->write(i, [&](std::span<T> x) { for (std::size_t k = 0; k < length; ++k) x[k] = static_cast<T>(Seed{i}.normal(k)); });
            for (std::size_t i = 0; i < 6; ++i) basis->scale(i, 1 / basis->orthogonalise(i).after);
        }
        const auto alike = [&](Basis<T>& left, Basis<T>& right, std::size_t i) {
            left.read(i, [&](std::span<const T> x) { right.read(i, [&](std::span<const T> y) { EXPECT_LE(test::distance(x, y), test::roundoff<T>) << i; }); });
        };
        std::vector<double> weights(12);
        for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = Seed{9}.normal(i);
        images->copy(2, *ours, 5), other->copy(2, *theirs, 5);
        for (Basis<T>* basis : {ours.get(), theirs.get()}) basis->combine(1, 4, weights, 3), basis->swap(0, 2), basis->multiply(basis == ours.get() ? static_cast<const linop::LinearOperator&>(moved) : a, 3, 5);
        for (std::size_t i = 0; i < 6; ++i) alike(*ours, *theirs, i);
        alike(*images, *other, 2);
        EXPECT_NEAR(ours->entry(1, 77), theirs->entry(1, 77), test::roundoff<T>);
        EXPECT_NEAR(ours->dot(1, *images, 2, 3, 1000), theirs->dot(1, *other, 2, 3, 1000), test::roundoff<T>);
        EXPECT_NEAR_RELATIVE(ours->squared_distance(0.5, 1, *images, 2), theirs->squared_distance(0.5, 1, *other, 2), 10 * test::roundoff<T>);   // many terms
        EXPECT_NEAR(ours->orthogonality(5), theirs->orthogonality(5), test::roundoff<T>);
    };
    if (single) compare(float{});
    else compare(double{});
}

TEST(DeviceBasis, CombinesInTheMemoryOfOneMoreVector) {
    DeviceDouble device;
    const std::size_t length = 1 << 20;
    const DiagonalOnDevice a(std::vector<double>(length, 1.0), true, device);
    const auto basis = make_basis<float>(a, 1);
    for (std::size_t i = 0; i < 12; ++i) basis->write(i, [&](std::span<float> x) { std::fill(x.begin(), x.end(), static_cast<float>(i)); });
    std::vector<double> weights(8 * 12, 1.0);
    device.traffic().clear();
    basis->combine(0, 12, weights, 8);
    EXPECT_EQ(device.traffic().calls("allocate"), 1u);
    EXPECT_LE(device.traffic().allocated(), length * sizeof(float) + (8u << 16) * sizeof(float));
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(basis->entry(i, length - 1), 66.0) << i;
}

TEST(DeviceProducts, OfAHostOperatorAreRefused) {
    const Diagonal a({1, 2});
    EXPECT_EQ(a.device(), nullptr);
    EXPECT_THROW(a.apply_on_device({}, {}), Error);
}

}  // namespace
}  // namespace assay::spectral
