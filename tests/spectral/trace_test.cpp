#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/spectrum.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/spectral/places.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>
#include <functional>
#include <numeric>

namespace assay::spectral {
namespace {

using test::Counting;
using test::Dense;
using test::Diagonal;
using test::power_law;
using test::Rotated;

using Estimator = std::function<Estimate(const linop::LinearOperator&, const TraceOptions&)>;

/// Of many runs, relative to the exact value: the median of |error|, the median standard error, the root mean square of the errors,
/// and the share of runs with |error| < 3 standard errors.
struct Runs { double median = 0, median_error = 0, scatter = 0, covered = 0; };

Runs repeat(const Estimator& estimator, const linop::LinearOperator& a, double exact, std::size_t products, std::size_t runs) {
    std::vector<double> errors, reported;
    Runs result;
    for (std::size_t r = 0; r < runs; ++r) {
        const Estimate estimate = estimator(a, {.products = products, .seed = Seed{77}.child(r)});
        errors.push_back(std::abs(estimate.value - exact) / std::abs(exact));
        reported.push_back(estimate.standard_error / std::abs(exact));
        result.scatter += errors.back() * errors.back() / static_cast<double>(runs);
        result.covered += (errors.back() < 3 * reported.back() ? 1.0 : 0.0) / static_cast<double>(runs);
    }
    std::sort(errors.begin(), errors.end());
    std::sort(reported.begin(), reported.end());
    result.median = errors[runs / 2];
    result.median_error = reported[runs / 2];
    result.scatter = std::sqrt(result.scatter);
    return result;
}

/// Medians of sixty repeats measured independently. Such medians scatter by some 15 %, ours and theirs; an estimator that is wrong is
/// off by far more. `leave_one_out`: their median of the spread of the leave-one-out estimates, which we widen by 1.4.
struct Row { double power, exact; std::size_t products; double hutchinson, resphered, leave_one_out; };

class TraceTable : public testing::TestWithParam<Row> {};

TEST_P(TraceTable, HasTheMediansMeasuredElsewhere) {
    const Row& row = GetParam();
    const std::size_t runs = row.products > 100 ? 60 : 120;
    const Rotated a(power_law(1000, row.power), Seed{2});
    const Runs plain = repeat(hutchinson_trace, a, row.exact, row.products, runs), better = repeat(xtrace, a, row.exact, row.products, runs);
    EXPECT_NEAR(std::log(plain.median / row.hutchinson), 0, std::log(1.5));
    EXPECT_NEAR(std::log(better.median_error / 1.4 / row.leave_one_out), 0, std::log(1.15));
    if (row.resphered > 0) { EXPECT_NEAR(std::log(better.median / row.resphered), 0, std::log(1.5)); }
    EXPECT_GE(plain.covered, 0.97);
    EXPECT_GE(better.covered, 0.97);
    EXPECT_LT(better.scatter, 1.2 * better.median_error);
    EXPECT_GT(better.scatter, 0.6 * better.median_error);
}

// The table's median for power 1 and 120 products, 1.6e-3, does not fit its own spread of 3.0e-3: left out.
INSTANTIATE_TEST_SUITE_P(PowerLaws, TraceTable,
                         testing::Values(Row{0.5, 61.8010087652, 60, 3.8e-3, 4.1e-3, 4.7e-3}, Row{1, 7.4854708606, 30, 2.8e-2, 1.2e-2, 1.4e-2},
                                         Row{1, 7.4854708606, 120, 1.5e-2, 0, 3.0e-3}, Row{2, 1.6439345667, 30, 8.3e-2, 3.0e-3, 3.4e-3},
                                         Row{2, 1.6439345667, 120, 5.7e-2, 1.6e-4, 2.0e-4}));

TEST(Trace, ErrorsCoverTheTruthInManyRuns) {
    std::vector<double> outliers = test::network_like(300);   // indefinite
    const double trace = std::accumulate(outliers.begin(), outliers.end(), 0.0);
    double squares = 0;
    for (const double x : outliers) squares += x * x;
    const Rotated a(outliers, Seed{3});
    EXPECT_GE(repeat(hutchinson_trace, a, trace, 30, 400).covered, 0.97);
    EXPECT_GE(repeat(xtrace, a, trace, 30, 400).covered, 0.97);
    EXPECT_GE(repeat(xtrace, a, trace, 31, 100).covered, 0.97);
    EXPECT_GE(repeat(frobenius_norm, a, std::sqrt(squares), 40, 400).covered, 0.97);
    const auto shared = [](const linop::LinearOperator& op, const TraceOptions& options) {
        return spectrum(op, {}, {.probes = options.products, .steps = 1, .seed = options.seed}).trace;
    };
    EXPECT_GE(repeat(shared, a, trace, 10, 400).covered, 0.97);
}

class Traces : public test::InBothPlaces {
protected:
    Estimate hutchinson_trace(const linop::LinearOperator& a, const TraceOptions& options) { return run(a, options, spectral::hutchinson_trace); }
    Estimate xtrace(const linop::LinearOperator& a, const TraceOptions& options) { return run(a, options, spectral::xtrace); }
    Estimate frobenius_norm(const linop::LinearOperator& a, const TraceOptions& options) { return run(a, options, spectral::frobenius_norm); }
    DiagonalEstimate hutchinson_diagonal(const linop::LinearOperator& a, const TraceOptions& options) { return run(a, options, spectral::hutchinson_diagonal); }

private:
    template <class Result>
    Result run(const linop::LinearOperator& a, const TraceOptions& options, Result (*estimator)(const linop::LinearOperator&, const TraceOptions&)) {
        return at(a, [&](const linop::LinearOperator& placed) { return estimator(placed, options); });
    }
};
INSTANTIATE_TEST_SUITE_P(Places, Traces, test::both_places(), test::place_name);

TEST_P(Traces, OfADiagonalMatrixHasNoVarianceWithSigns) {
    const Diagonal a(power_law(500, 1), true);
    const Estimate trace = hutchinson_trace(a, {.products = 8});
    const double exact = std::accumulate(a.values().begin(), a.values().end(), 0.0);
    EXPECT_NEAR_RELATIVE(trace.value, exact, test::roundoff<float>);
    EXPECT_NEAR(trace.standard_error, 0, 1e-12);
    EXPECT_EQ(trace.products, 8u);
    EXPECT_EQ(trace.method, "hutchinson");
    const DiagonalEstimate diagonal = hutchinson_diagonal(a, {.products = 3});
    EXPECT_LE(test::distance(diagonal.values, a.values()), test::roundoff<float>);
    EXPECT_EQ(*std::max_element(diagonal.standard_errors.begin(), diagonal.standard_errors.end()), 0);
}

TEST_P(Traces, XOfLowRankIsExactAndStopsEarly) {
    std::vector<double> entries(300);
    entries[0] = 5, entries[10] = -2, entries[200] = 1;
    const Diagonal diagonal(entries);
    const Counting a(diagonal);
    const Estimate trace = xtrace(a, {.products = 60});
    EXPECT_NEAR(trace.value, 4, 1e-12);
    EXPECT_LE(trace.standard_error, 1e-12);
    EXPECT_EQ(trace.products, 7u);   // three vectors, one that found nothing new, three for the trace
    EXPECT_EQ(a.products(), 7u);
    EXPECT_EQ(xtrace(Diagonal(std::vector<double>(50)), {}).value, 0);
}

TEST_P(Traces, XSpendsEvenlyAndIsExactWhenTheRangeIsEverything) {
    const std::size_t n = 9;
    const Dense a(test::symmetric(n, Seed{4}), n);
    double exact = 0;
    for (std::size_t i = 0; i < n; ++i) exact += a.values()[i * n + i];
    const Estimate whole = xtrace(a, {.products = 100});
    EXPECT_NEAR(whole.value, exact, 1e-12);
    EXPECT_EQ(whole.products, 18u);
    EXPECT_EQ(whole.method, "exact");
    const Estimate odd = xtrace(a, {.products = 7});
    EXPECT_EQ(odd.products, 6u);
    EXPECT_EQ(odd.method, "xtrace");
    EXPECT_THROW(xtrace(a, {.products = 3}), Error);
    EXPECT_THROW(xtrace(Diagonal(power_law(1000, 1)), {.products = 60, .memory = 30 * 1000 * 8}), Error);
}

TEST_P(Traces, XInSinglePrecisionAgreesWithDouble) {
    const Diagonal wide(power_law(2000, 1.5)), narrow(power_law(2000, 1.5), true);
    const Estimate a = xtrace(wide, {.products = 40}), b = xtrace(narrow, {.products = 40, .threads = 4});
    EXPECT_NEAR_RELATIVE(a.value, b.value, 1e-5);
    EXPECT_NEAR_RELATIVE(a.standard_error, b.standard_error, 1e-2);
}

TEST_P(Traces, DiagonalErrorsCoverTheTruth) {
    const std::size_t n = 200;
    const Dense a(test::symmetric(n, Seed{5}), n);
    const DiagonalEstimate estimate = hutchinson_diagonal(a, {.products = 50, .seed = Seed{6}});
    std::size_t covered = 0;
    for (std::size_t i = 0; i < n; ++i) covered += std::abs(estimate.values[i] - a.values()[i * n + i]) < 3 * estimate.standard_errors[i];
    EXPECT_GE(covered, 194u);
    // Off-diagonal entries of variance one make the variance of an entry n - 1.
    double mean = 0;
    for (const double x : estimate.standard_errors) mean += x * x / static_cast<double>(n);
    EXPECT_NEAR_RELATIVE(mean, 199.0 / 50, 0.1);
}

TEST_P(Traces, RefusesNonFiniteProductsAndNone) {
    std::vector<double> entries(50, 1.0);
    entries[9] = std::nan("");
    const Diagonal bad(entries), good(std::vector<double>(50, 1.0));
    EXPECT_THROW(hutchinson_trace(bad, {}), Error);
    EXPECT_THROW(xtrace(bad, {}), Error);
    EXPECT_THROW(frobenius_norm(bad, {}), Error);
    EXPECT_THROW(hutchinson_diagonal(bad, {}), Error);
    EXPECT_THROW(hutchinson_trace(good, {.products = 0}), Error);
    EXPECT_TRUE(std::isinf(hutchinson_trace(good, {.products = 1}).standard_error));   // one sample knows no error
}

}  // namespace
}  // namespace assay::spectral
