// Trace and diagonal of the Hessian of piecewise-linear networks against known networks, differences of gradients and unit-vector
// products with the public operators.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/exact_trace.hpp"
#include "libanalysis/linop/curvature_operator.hpp"
#include "tests/engine/layers/golden_networks.hpp"
#include "tests/engine/trace/piecewise_networks.hpp"
#include "tests/support/device_double.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace assay::test {
namespace {

using engine::DType;

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

std::vector<double> dense_diagonal(const engine::Primal& primal, const char* kind) {
    const auto op = linop::find_curvature_kind(kind).make(primal);
    std::vector<double> diagonal(op->rows()), unit(op->rows(), 0), product(op->rows());
    for (std::size_t i = 0; i < unit.size(); ++i) {
        unit[i] = 1;
        op->apply(unit, product);
        unit[i] = 0;
        diagonal[i] = product[i];
    }
    return diagonal;
}

TEST(ExactTrace, OfTheGoldenNetworksIsKnownToTenDigits) {
    // tr H and tr GGN of the networks tanh CE, ReLU CE, tanh MSE, ReLU BCE, from 40-digit arithmetic
    const double hessian[] = {1.321480331486, 1.328542036128, 6.612323382331, 0.7296742412662};
    const double gauss_newton[] = {1.512244085353, 1.328542036128, 6.340199312417, 0.7296742412662};
    for (std::size_t which = 0; which < 4; ++which) {
        const GoldenPrimal exact(which, DType::float64), single(which, DType::float32);
        EXPECT_NEAR_RELATIVE(engine::gauss_newton_trace(exact.primal).trace, gauss_newton[which], 1e-10);
        EXPECT_NEAR_RELATIVE(engine::gauss_newton_trace(single.primal).trace, gauss_newton[which], 1e-6);
        EXPECT_NEAR_RELATIVE(sum(engine::gauss_newton_diagonal(exact.primal)), gauss_newton[which], 1e-10);
        const bool same = std::abs(hessian[which] - gauss_newton[which]) < 1e-10;
        EXPECT_EQ(engine::gauss_newton_trace_refusal(exact.network).empty(), same) << "refused exactly where the traces differ";
    }
}

class Piecewise : public testing::TestWithParam<PiecewiseCase> {
protected:
    TracedNetwork traced(DType type, int threads = 1) const {
        Context context;
        context.threads = threads;
        return {GetParam().make(), GetParam().loss, GetParam().rows, type, context};
    }
};
INSTANTIATE_TEST_SUITE_P(Networks, Piecewise, testing::ValuesIn(piecewise_cases), [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(Piecewise, DiagonalAndTraceAreThoseOfHessianAndGaussNewtonMatrix) {
    const TracedNetwork net = traced(DType::float64);
    ASSERT_EQ(engine::gauss_newton_trace_refusal(net.network), "");
    const std::vector<double> diagonal = engine::gauss_newton_diagonal(net.primal);
    EXPECT_LE(distance(diagonal, dense_diagonal(net.primal, "ggn")), 1e-12);
    EXPECT_LE(distance(diagonal, dense_diagonal(net.primal, "hessian")), 1e-12);
    const engine::TraceResult result = engine::gauss_newton_trace(net.primal);
    EXPECT_NEAR_RELATIVE(result.trace, sum(diagonal), 1e-12);
    EXPECT_EQ(result.standard_error, 0);
    for (const auto& entry : net.network.layout().entries) {
        double part = 0;
        for (std::size_t i = 0; i < entry.size && entry.trainable; ++i) part += diagonal[entry.offset + i];
        EXPECT_NEAR_RELATIVE(result.by_parameter[entry.parameter], part, 1e-11);
    }
}

TEST_P(Piecewise, DiagonalIsTheDifferenceOfTheGradient) {
    TracedNetwork net = traced(DType::float64);
    const std::vector<double> diagonal = engine::gauss_newton_diagonal(net.primal);
    const std::vector<double> theta = net.backend->to_host(net.parameters.view());
    std::vector<double> differences(diagonal.size());
    const double h = 1e-7;   // nearer than any kink
    for (std::size_t i = 0; i < diagonal.size(); ++i) {
        double slopes[2];
        for (const int side : {0, 1}) {
            std::vector<double> moved = theta;
            moved[i] += side == 0 ? -h : h;
            const engine::Buffer parameters = net.backend->from_host(moved, DType::float64);
            const engine::Primal primal(net.network, *net.backend, parameters.view(), net.data, net.primal.objective(), {});
            slopes[side] = primal.loss_gradient().vector[i];
        }
        differences[i] = (slopes[1] - slopes[0]) / (2 * h);
    }
    EXPECT_LE(distance(diagonal, differences), difference);
}

TEST_P(Piecewise, SinglePrecisionIsNear) {
    const TracedNetwork wide = traced(DType::float64), single = traced(DType::float32);
    EXPECT_NEAR_RELATIVE(engine::gauss_newton_trace(single.primal).trace, engine::gauss_newton_trace(wide.primal).trace, 1e-5);
    EXPECT_LE(distance(engine::gauss_newton_diagonal(single.primal), engine::gauss_newton_diagonal(wide.primal)), 1e-5);
}

TEST_P(Piecewise, OnADeviceIsTheSame) {
    for (const DType type : {DType::float32, DType::float64}) {
        const TracedNetwork host = traced(type), device{GetParam().make(), GetParam().loss, GetParam().rows, type, {}, {}, std::make_unique<DeviceDouble>()};
        const double near = type == DType::float32 ? 10 * roundoff<float> : 1e-12;
        EXPECT_NEAR_RELATIVE(engine::gauss_newton_trace(device.primal).trace, engine::gauss_newton_trace(host.primal).trace, near);
        EXPECT_NEAR_RELATIVE(engine::gauss_newton_trace(device.primal, 0.4).trace, engine::gauss_newton_trace(host.primal, 0.4).trace, near);
        EXPECT_NEAR_RELATIVE(engine::sampled_label_trace(device.primal, Seed{3}).trace, engine::sampled_label_trace(host.primal, Seed{3}).trace, near);
        EXPECT_LE(distance(engine::squared_gradient_norms(device.primal), engine::squared_gradient_norms(host.primal)), near);
        EXPECT_LE(distance(engine::gauss_newton_diagonal(device.primal), engine::gauss_newton_diagonal(host.primal)), near);
    }
}

TEST_P(Piecewise, BitsDoNotDependOnThreads) {
    const TracedNetwork one = traced(DType::float32, 1);
    const engine::TraceResult trace = engine::gauss_newton_trace(one.primal), tail = engine::gauss_newton_trace(one.primal, 0.4),
                              sampled = engine::sampled_label_trace(one.primal, Seed{3});
    const std::vector<double> diagonal = engine::gauss_newton_diagonal(one.primal);
    for (const int threads : {2, 4}) {
        const TracedNetwork many = traced(DType::float32, threads);
        EXPECT_EQ(engine::gauss_newton_trace(many.primal).trace, trace.trace);
        EXPECT_EQ(engine::gauss_newton_trace(many.primal, 0.4).trace, tail.trace);
        EXPECT_EQ(engine::gauss_newton_trace(many.primal, 0.4).standard_error, tail.standard_error);
        EXPECT_EQ(engine::sampled_label_trace(many.primal, Seed{3}).trace, sampled.trace);
        EXPECT_EQ(engine::gauss_newton_diagonal(many.primal), diagonal);
    }
}

TEST_P(Piecewise, PassesAreTheRankOfTheLoss) {
    const TracedNetwork net = traced(DType::float32);
    const auto width = static_cast<double>(net.network.output_shapes()[0].back());
    const bool softmax = std::string(GetParam().loss) == "cross_entropy";
    EXPECT_DOUBLE_EQ(engine::gauss_newton_trace(net.primal).delta_passes, softmax ? width - 1 : width);
    EXPECT_DOUBLE_EQ(engine::sampled_label_trace(net.primal, Seed{1}).delta_passes, 1);
}

TEST(ExactTrace, HoldsTheRegulariserOfTrainableParameters) {
    const model::Model model = deep_images();
    const std::vector<double> l2{0.5, 0.5, 0.01, 0, 0.02, 0.03};
    const TracedNetwork plain(model, "mean_squared_error", 20, DType::float64), regularised(model, "mean_squared_error", 20, DType::float64, {}, l2);
    const engine::TraceResult without = engine::gauss_newton_trace(plain.primal), with = engine::gauss_newton_trace(regularised.primal);
    EXPECT_NEAR_RELATIVE(with.trace - without.trace, 2 * (0.01 * 432 + 0.02 * 18 + 0.03 * 3), 1e-12);
    EXPECT_EQ(with.by_parameter[0], 0) << "a constant";
    EXPECT_NEAR_RELATIVE(sum(engine::gauss_newton_diagonal(regularised.primal)), with.trace, 1e-12);
    EXPECT_LE(distance(engine::gauss_newton_diagonal(regularised.primal), dense_diagonal(regularised.primal, "ggn")), 1e-12);
}

TEST(ExactTrace, OfManyOutputsRunsInSeveralBlocks) {
    ModelBuilder b;
    b.output(b.dense("out", 4, 40, b.activation("relu", "relu", b.dense("in", 3, 4, b.input("x", {3})))));
    const TracedNetwork net(b.model, "cross_entropy", 30, DType::float64);
    ASSERT_LT(net.network.seeds_at_a_time(), 39);
    EXPECT_NEAR_RELATIVE(engine::gauss_newton_trace(net.primal).trace, sum(dense_diagonal(net.primal, "ggn")), 1e-12);
    EXPECT_NEAR_RELATIVE(sum(engine::gauss_newton_diagonal(net.primal)), sum(dense_diagonal(net.primal, "ggn")), 1e-12);
}

TEST(ExactTrace, OfASingleOutputIsTheSigmoidsSlope) {   // p(1 - p) (|x|^2 + 1) for logistic regression
    ModelBuilder b;
    b.output(b.activation("sigmoid", "sigmoid", b.dense("out", 3, 1, b.input("x", {3}))));
    const TracedNetwork net(b.model, "binary_cross_entropy", 9, DType::float64);
    const std::vector<double> x = normals(27, 12);
    double expected = 0;
    for (std::size_t n = 0; n < 9; ++n) {
        double z = net.model.weights[1].at(0), square = 1;
        for (std::size_t d = 0; d < 3; ++d) z += x[3 * n + d] * net.model.weights[0].at(static_cast<std::int64_t>(d)), square += x[3 * n + d] * x[3 * n + d];
        const double p = 1 / (1 + std::exp(-z));
        expected += p * (1 - p) * square / 9;
    }
    EXPECT_NEAR_RELATIVE(engine::gauss_newton_trace(net.primal).trace, expected, 1e-12);
}

TEST(ExactTrace, RefusesATailThatIsNoShare) {
    const GoldenPrimal golden(1, DType::float64);
    for (const double tail : {-0.1, 1.0, std::nan("")}) EXPECT_THROW(engine::gauss_newton_trace(golden.primal, tail), Error);
}

}  // namespace
}  // namespace assay::test
