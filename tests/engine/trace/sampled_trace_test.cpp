// Estimates of the trace: unbiased, and with standard errors that cover.

#include "libanalysis/engine/exact_trace.hpp"
#include "tests/engine/trace/piecewise_networks.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace assay::test {
namespace {

using engine::DType;
using engine::TraceResult;

/// Mean of the estimates within 4 of its own standard errors of the exact trace, and 97 % of them within 3 of theirs.
void expect_unbiased_and_covered(double exact, const std::function<TraceResult(std::uint64_t seed)>& estimate, int runs) {
    double mean = 0, squares = 0;
    int covered = 0;
    for (int i = 0; i < runs; ++i) {
        const TraceResult result = estimate(static_cast<std::uint64_t>(i));
        const double error = result.trace - exact;
        mean += error / runs;
        squares += error * error / runs;
        covered += std::abs(error) < 3 * result.standard_error;
    }
    EXPECT_LE(std::abs(mean), 4 * std::sqrt(squares / runs));
    EXPECT_GT(squares, 0) << "is random";
    EXPECT_GE(covered, 0.97 * runs);
}

class Sampled : public testing::TestWithParam<PiecewiseCase> {};
INSTANTIATE_TEST_SUITE_P(Networks, Sampled, testing::ValuesIn(piecewise_cases), [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(Sampled, OneLabelForEachRowIsUnbiasedAndItsErrorCovers) {
    const TracedNetwork net(GetParam().make(), GetParam().loss, GetParam().rows, DType::float64);
    const double exact = engine::gauss_newton_trace(net.primal).trace;
    expect_unbiased_and_covered(exact, [&](std::uint64_t seed) { return engine::sampled_label_trace(net.primal, Seed{seed}); }, 200);
}

TEST_P(Sampled, ATailUnderRandomSignsIsUnbiasedAndItsErrorCovers) {
    const TracedNetwork net(GetParam().make(), GetParam().loss, GetParam().rows, DType::float64);
    const TraceResult exact = engine::gauss_newton_trace(net.primal);
    const double tail = 0.7;   // two columns of three
    const auto estimate = [&](std::uint64_t seed) {
        Context context;
        context.seed = Seed{seed};
        const engine::Primal primal(net.network, *net.backend, net.parameters.view(), net.data, net.primal.objective(), context);
        return engine::gauss_newton_trace(primal, tail);
    };
    if (exact.delta_passes < 3) {   // of two columns, the lighter one alone
        EXPECT_EQ(estimate(0).trace, exact.trace) << "one column is no tail";
        return;
    }
    expect_unbiased_and_covered(exact.trace, estimate, 200);
    EXPECT_LT(estimate(0).delta_passes, exact.delta_passes);
}

TEST(SampledTrace, AConfidentSoftmaxNeedsFewPassesUnderASmallTail) {
    ModelBuilder b;
    b.output(b.dense("out", 6, 10, b.activation("relu", "relu", b.dense("in", 4, 6, b.input("x", {4})))));
    for (double& w : std::get<std::vector<double>>(b.model.weights[2].values)) w *= 12;
    const TracedNetwork net(b.model, "cross_entropy", 300, DType::float64);
    const TraceResult exact = engine::gauss_newton_trace(net.primal), tail = engine::gauss_newton_trace(net.primal, 0.02);
    EXPECT_LE(tail.delta_passes, 6);
    EXPECT_LE(std::abs(tail.trace - exact.trace), 3 * tail.standard_error);
    EXPECT_LE(tail.standard_error, 0.01 * exact.trace);
}

TEST(SampledTrace, LabelsDoNotDependOnTheMicroBatch) {   // rows 0 .. 519 of one set, and their last 8 again in a set of their own
    const TracedNetwork whole(sequence(), "cross_entropy", 520, DType::float64);
    ASSERT_EQ(whole.network.micro_batch(), 512);
    const auto trace_of = [&](std::int64_t count) {
        data::Rows rows = whole.data;
        rows.indices.resize(static_cast<std::size_t>(count));
        const engine::Primal primal(whole.network, *whole.backend, whole.parameters.view(), rows, whole.primal.objective(), {});
        return static_cast<double>(count) * engine::sampled_label_trace(primal, Seed{5}).trace;
    };
    // Rows 512 .. 519 under the labels of rows 0 .. 7.
    data::Rows last = whole.data;
    last.indices.assign(whole.data.indices.begin() + 512, whole.data.indices.end());
    const engine::Primal primal(whole.network, *whole.backend, whole.parameters.view(), last, whole.primal.objective(), {});
    const double lonely = 8 * engine::sampled_label_trace(primal, Seed{5}).trace;
    EXPECT_GT(std::abs(trace_of(520) - trace_of(512) - lonely), 1e-6) << "rows have labels of their own";
    EXPECT_NEAR_RELATIVE(trace_of(520), engine::sampled_label_trace(whole.primal, Seed{5}).trace * 520, 1e-14);
}

}  // namespace
}  // namespace assay::test
