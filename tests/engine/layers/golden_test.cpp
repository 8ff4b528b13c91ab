// Four networks of 31 parameters whose loss, gradient and second-order products are known to 40 digits.

#include "libanalysis/engine/loss.hpp"
#include "tests/engine/layers/golden_networks.hpp"
#include "tests/engine/layers/network_runner.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace assay::test {
namespace {

struct Golden {
    const char *name, *activation, *loss;
    double value, gradient_norm, vHv, Hv_norm, Hv_0, Hv_30, vGv, trace, gauss_newton_trace;
};

// 40-digit hyper-dual arithmetic, checked against 60-digit differences.
constexpr Golden goldens[] = {
    {"tanh_cross_entropy", "tanh", "cross_entropy", 1.159622047917, 0.2335175520468, 0.005386679765003, 0.1456408472306, 0.02838126255277,
     0.0283458412064, 0.01822302589932, 1.321480331486, 1.512244085353},
    {"relu_cross_entropy", "relu", "cross_entropy", 1.177185962676, 0.3156028225718, 0.0266449363375, 0.1581972905642, 0.0138426691857,
     -0.01176160971234, 0.02820262379921, 1.328542036128, 1.328542036128},
    {"tanh_squared_error", "tanh", "mean_squared_error", 0.5172169242847, 0.8978385910739, 0.08466602943428, 0.3670684010098, 0.03148458889713,
     0.07581537250707, 0.04160583422449, 6.612323382331, 6.340199312417},
    {"relu_binary_cross_entropy", "relu", "binary_cross_entropy", 0.7181725865898, 0.07650853311409, 0.007754420760334, 0.05676617556509,
     0.005276561912335, 0.003161788587366, 0.01230629728601, 0.7296742412662, 0.7296742412662},
};
constexpr std::size_t count = golden_count, rows = golden_rows;
constexpr double ten_digits = 1e-10;

class GoldenNetwork : public testing::TestWithParam<Golden> {
protected:
    GoldenNetwork() : net(golden_model(std::string(GetParam().activation)), engine::DType::float64, rows), theta(golden_parameters()), x(golden_inputs()),
                      loss(*engine::find_loss(GetParam().loss)), labels(golden_labels(GetParam().loss)) {}
    static Values mean(Values sums) {
        for (double& value : sums) value /= static_cast<double>(rows);
        return sums;
    }
    Values seeds(const Values& y) const {
        Values g(y.size());
        loss.gradient(y, rows, 3, labels, g);
        return mean(g);
    }
    Values curved(const Values& y, const Values& ty) const {
        Values h(y.size());
        loss.hessian_product(y, rows, 3, labels, ty, h);
        return mean(h);
    }
    NetworkRunner net;
    Values theta, x;
    const engine::Loss& loss;
    engine::Labels labels;
};

double norm(const Values& a) { return std::sqrt(std::inner_product(a.begin(), a.end(), a.begin(), 0.0)); }

TEST_P(GoldenNetwork, HasTheKnownLossGradientAndProducts) {
    const Golden& known = GetParam();
    ASSERT_EQ(net.size(), count);
    engine::Tape tape = net.forward(theta, x);
    const Values y = net.outputs(tape);
    Values losses(rows);
    loss.value(y, rows, 3, labels, losses);
    EXPECT_NEAR_RELATIVE(std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(rows), known.value, ten_digits);
    EXPECT_NEAR_RELATIVE(norm(net.backward(tape, seeds(y)).parameters), known.gradient_norm, ten_digits);

    const Values v = golden_direction();
    const Values ty = net.tangent(tape, v), product = net.backward_tangent(tape, curved(y, ty)).parameters;
    EXPECT_NEAR_RELATIVE(std::inner_product(v.begin(), v.end(), product.begin(), 0.0), known.vHv, ten_digits);
    EXPECT_NEAR_RELATIVE(norm(product), known.Hv_norm, ten_digits);
    EXPECT_NEAR_RELATIVE(product[golden_position(0)], known.Hv_0, ten_digits);
    EXPECT_NEAR_RELATIVE(product[golden_position(30)], known.Hv_30, ten_digits);

    const Values gauss_newton = net.backward(tape, curved(y, ty)).parameters;
    EXPECT_NEAR_RELATIVE(std::inner_product(v.begin(), v.end(), gauss_newton.begin(), 0.0), known.vGv, ten_digits);
}

TEST_P(GoldenNetwork, HasTheKnownTraces) {
    double hessian = 0, gauss_newton = 0;
    for (std::size_t i = 0; i < count; ++i) {
        engine::Tape tape = net.forward(theta, x);
        const Values y = net.outputs(tape);
        net.backward(tape, seeds(y));
        Values e(count, 0);
        e[i] = 1;
        const Values h = curved(y, net.tangent(tape, e));
        hessian += net.backward_tangent(tape, h).parameters[i];
        gauss_newton += net.backward(tape, h).parameters[i];
    }
    EXPECT_NEAR_RELATIVE(hessian, GetParam().trace, ten_digits);
    EXPECT_NEAR_RELATIVE(gauss_newton, GetParam().gauss_newton_trace, ten_digits);
}

INSTANTIATE_TEST_SUITE_P(Known, GoldenNetwork, testing::ValuesIn(goldens),
                         [](const testing::TestParamInfo<Golden>& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace assay::test
