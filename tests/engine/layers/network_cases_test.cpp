// Whole networks against differences and dense matrices.

#include "libanalysis/engine/layer.hpp"
#include "tests/engine/layers/network_cases.hpp"
#include "tests/engine/layers/network_runner.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace assay::test {
namespace {

using engine::DType;
constexpr double step = 1e-5, rounding = 1000 * roundoff<double>;

double inner(const Values& a, const Values& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }
Values along(const Values& a, double t, const Values& b) {
    Values sum = a;
    for (std::size_t i = 0; i < a.size(); ++i) sum[i] += t * b[i];
    return sum;
}
Values slope(const Values& up, const Values& down) {
    Values result = along(up, -1, down);
    for (double& value : result) value /= 2 * step;
    return result;
}
Values joined(const NetworkRunner::Result& result) {
    Values all = result.parameters;
    all.insert(all.end(), result.inputs.begin(), result.inputs.end());
    return all;
}

class Networks : public testing::TestWithParam<NetworkCase> {
protected:
    Networks() : net(GetParam().make(), DType::float64, 3), theta(net.theta()), x(net.x()) {}
    /// The point moved by t along (v, w).
    NetworkRunner::Result gradient_at(double t, const Values& v, const Values& w) { return net.gradient(along(theta, t, v), along(x, t, w)); }
    NetworkRunner net;
    Values theta, x;
};

TEST_P(Networks, GradientEqualsDifferencesOfTheLoss) {
    const NetworkRunner::Result gradient = net.gradient(theta, x);
    Values by_parameter, by_input;
    for (std::size_t i = 0; i < theta.size(); ++i) {
        Values e(theta.size(), 0);
        e[i] = step;
        by_parameter.push_back((net.loss(along(theta, 1, e), x) - net.loss(along(theta, -1, e), x)) / (2 * step));
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        Values e(x.size(), 0);
        e[i] = step;
        by_input.push_back((net.loss(theta, along(x, 1, e)) - net.loss(theta, along(x, -1, e))) / (2 * step));
    }
    EXPECT_LE(distance(gradient.parameters, by_parameter), difference);
    EXPECT_LE(distance(gradient.inputs, by_input), difference);
}

TEST_P(Networks, HessianProductsEqualTheDenseHessian) {
    engine::Tape tape = net.forward(theta, x);
    net.backward(tape, net.loss_gradient_seeds(tape));
    double largest = 0, apart = 0, asymmetry = 0;
    std::vector<Values> columns;
    for (std::size_t i = 0; i < theta.size(); ++i) {
        Values e(theta.size(), 0);
        e[i] = 1;
        const Values column = net.hessian_product(tape, e).parameters;
        const Values differences = slope(net.gradient(along(theta, step, e), x).parameters, net.gradient(along(theta, -step, e), x).parameters);
        for (std::size_t j = 0; j < theta.size(); ++j) {
            largest = std::max(largest, std::abs(differences[j]));
            const double d = std::abs(column[j] - differences[j]);
            apart = d <= apart ? apart : d;   // NaN stays
        }
        columns.push_back(column);
    }
    for (std::size_t i = 0; i < theta.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) asymmetry = std::max(asymmetry, std::abs(columns[i][j] - columns[j][i]));
    EXPECT_GT(largest, 0);
    EXPECT_LE(apart, difference * largest);
    EXPECT_LE(asymmetry, rounding * largest);
}

// The whole second derivative, inputs included.
TEST_P(Networks, TangentOfTheGradientEqualsItsDifferences) {
    const Values v = normals(theta.size(), 51), w = normals(x.size(), 52);
    engine::Tape tape = net.forward(theta, x);
    net.backward(tape, net.loss_gradient_seeds(tape));
    const Values product = joined(net.hessian_product(tape, v, w));
    EXPECT_LE(distance(product, slope(joined(gradient_at(step, v, w)), joined(gradient_at(-step, v, w)))), difference);
    // Each direction alone, the other one empty.
    const Values sum = along(joined(net.hessian_product(tape, v)), 1, x.empty() ? Values(product.size(), 0) : joined(net.hessian_product(tape, {}, w)));
    EXPECT_LE(distance(sum, product), rounding);
}

TEST_P(Networks, ForwardTangentIsTheAdjointOfBackward) {
    const Values v = normals(theta.size(), 53), w = normals(x.size(), 54);
    engine::Tape tape = net.forward(theta, x);
    const Values y = net.outputs(tape), u = normals(y.size(), 55), ty = net.tangent(tape, v, w);
    const Values differences = slope([&] { return net.outputs(net.forward(along(theta, step, v), along(x, step, w))); }(),
                                     [&] { return net.outputs(net.forward(along(theta, -step, v), along(x, -step, w))); }());
    EXPECT_LE(distance(ty, differences), difference);
    engine::Tape again = net.forward(theta, x);
    const NetworkRunner::Result back = net.backward(again, u);
    const double left = inner(ty, u), right = inner(v, back.parameters) + inner(w, back.inputs);
    EXPECT_LE(std::abs(left - right), rounding * (std::abs(left) + 1));
}

// One tape serves gradient, Gauss-Newton product (other seeds) and Hessian product, in any order, with the same bits.
TEST_P(Networks, OneTapeServesEveryPass) {
    const Values v = normals(theta.size(), 56);
    engine::Tape fresh = net.forward(theta, x);
    const Values seeds = net.loss_gradient_seeds(fresh);
    const Values gradient = joined(net.backward(fresh, seeds)), product = joined(net.hessian_product(fresh, v));

    engine::Tape tape = net.forward(theta, x);
    const Values ty = net.tangent(tape, v);
    const Values gauss_newton = net.backward(tape, ty).parameters;   // J^T J v
    EXPECT_GE(inner(v, gauss_newton), 0);
    EXPECT_NEAR_RELATIVE(inner(v, gauss_newton), inner(ty, ty), rounding);
    EXPECT_EQ(joined(net.backward(tape, seeds)), gradient);
    EXPECT_EQ(joined(net.hessian_product(tape, v)), product);
    tape.drop_tangents();
    EXPECT_EQ(joined(net.hessian_product(tape, v)), product);
    EXPECT_EQ(joined(net.backward(tape, seeds)), gradient);
}

TEST_P(Networks, OutputsAloneHaveTheSameBits) {
    engine::Tape tape = net.forward(theta, x);
    EXPECT_EQ(net.outputs_alone(theta, x), net.outputs(tape));
}

TEST_P(Networks, Float32FollowsFloat64) {
    NetworkRunner single(GetParam().make(), DType::float32, 3);
    const Values v = normals(theta.size(), 57), w = normals(x.size(), 58);
    engine::Tape narrow = single.forward(theta, x), wide = net.forward(theta, x);
    EXPECT_LE(distance(single.outputs(narrow), net.outputs(wide)), 20 * roundoff<float>);
    EXPECT_LE(distance(joined(single.backward(narrow, single.loss_gradient_seeds(narrow))), joined(net.backward(wide, net.loss_gradient_seeds(wide)))),
              20 * roundoff<float>);
    EXPECT_LE(distance(joined(single.hessian_product(narrow, v, w)), joined(net.hessian_product(wide, v, w))), 50 * roundoff<float>);
}

INSTANTIATE_TEST_SUITE_P(Cases, Networks, testing::ValuesIn(network_cases),
                         [](const testing::TestParamInfo<NetworkCase>& tested) { return std::string(tested.param.name); });

TEST(NetworkCases, HoldEveryLayer) {
    std::set<std::string> known, held;
    for (const engine::LayerKind* kind : engine::layer_kinds()) known.insert(std::string(kind->name));
    for (const NetworkCase& c : network_cases) {
        const model::Model model = c.make();
        for (const std::size_t vertex : model.architecture->topological_order()) held.insert(model.architecture->graph[vertex].kind);
    }
    held.erase("input");
    EXPECT_EQ(held, known);
}

}  // namespace
}  // namespace assay::test
