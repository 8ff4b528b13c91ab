#include "libanalysis/engine/loss.hpp"

#include "libanalysis/core/error.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/support/device_double.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace assay::test {

namespace {

using engine::choose_loss;
using engine::Labels;
using engine::Loss;

struct LossCase {
    std::string name;
    std::int64_t width;
};

/// A loss with logits and labels for a few rows.
struct Problem {
    const Loss& loss;
    std::int64_t rows = 4, width;
    std::vector<double> outputs;
    Labels labels;

    explicit Problem(const LossCase& tested) : loss(*engine::find_loss(tested.name)), width(tested.width) {
        outputs = normals(size(), 1);
        for (double& value : outputs) value *= 3;
        if (loss.class_labels) labels.classes = {0, width - 1, width / 2, 0};
        else {
            labels.targets = normals(size(), 2);
            if (loss.activation == "sigmoid") {
                for (double& target : labels.targets) target = std::round(2 / (1 + std::exp(-target))) / 2;   // 0, 1/2 and 1
            }
        }
    }
    std::size_t size() const { return static_cast<std::size_t>(rows * width); }
    std::vector<double> value(const std::vector<double>& at) const {
        std::vector<double> result(static_cast<std::size_t>(rows));
        loss.value(at, rows, width, labels, result);
        return result;
    }
    std::vector<double> gradient(const std::vector<double>& at) const {
        std::vector<double> result(size());
        loss.gradient(at, rows, width, labels, result);
        return result;
    }
    std::vector<double> hessian(const std::vector<double>& t) const {
        std::vector<double> result(size());
        loss.hessian_product(outputs, rows, width, labels, t, result);
        return result;
    }
    std::vector<double> factor(const std::vector<double>& u) const {
        std::vector<double> result(size());
        loss.factor_product(outputs, rows, width, labels, u, result);
        return result;
    }
};

class EveryLoss : public testing::TestWithParam<LossCase> {};

TEST_P(EveryLoss, GradientIsTheDifferenceOfTheValue) {
    const Problem p(GetParam());
    const std::vector<double> gradient = p.gradient(p.outputs);
    std::vector<double> differences;
    for (std::size_t i = 0; i < p.size(); ++i) {
        const double h = 1e-5;
        std::vector<double> high = p.outputs, low = p.outputs;
        high[i] += h;
        low[i] -= h;
        const std::size_t row = i / static_cast<std::size_t>(p.width);
        differences.push_back((p.value(high)[row] - p.value(low)[row]) / (2 * h));
    }
    EXPECT_LE(distance(gradient, differences), difference);
}

TEST_P(EveryLoss, HessianProductIsTheDifferenceOfTheGradient) {
    const Problem p(GetParam());
    const std::vector<double> t = normals(p.size(), 3);
    const double h = 1e-5;
    std::vector<double> high = p.outputs, low = p.outputs;
    for (std::size_t i = 0; i < p.size(); ++i) {
        high[i] += h * t[i];
        low[i] -= h * t[i];
    }
    std::vector<double> differences = p.gradient(high);
    const std::vector<double> other = p.gradient(low);
    for (std::size_t i = 0; i < p.size(); ++i) differences[i] = (differences[i] - other[i]) / (2 * h);
    EXPECT_LE(distance(p.hessian(t), differences), difference);
}

/// Column j of the matrix that `apply` is, row by row of the problem.
template <class Apply>
std::vector<std::vector<double>> columns(const Problem& p, Apply&& apply) {
    std::vector<std::vector<double>> result;
    for (std::int64_t j = 0; j < p.width; ++j) {
        std::vector<double> unit(p.size(), 0.0);
        for (std::int64_t row = 0; row < p.rows; ++row) unit[static_cast<std::size_t>(row * p.width + j)] = 1;
        result.push_back(apply(unit));
    }
    return result;
}

TEST_P(EveryLoss, HessianIsSymmetricAndTheFactorTimesItsTransposeIsIt) {
    const Problem p(GetParam());
    const auto hessian = columns(p, [&](const auto& u) { return p.hessian(u); });
    const auto factor = columns(p, [&](const auto& u) { return p.factor(u); });
    for (std::int64_t row = 0; row < p.rows; ++row) {
        for (std::size_t i = 0; i < hessian.size(); ++i) {
            for (std::size_t j = 0; j < hessian.size(); ++j) {
                const auto start = static_cast<std::size_t>(row * p.width);
                double product = 0;   // (S S^T)_ij; column k of S is factor[k]
                for (const auto& column : factor) product += column[start + i] * column[start + j];
                EXPECT_LE(std::abs(hessian[j][start + i] - hessian[i][start + j]), 1e-15);
                EXPECT_LE(std::abs(product - hessian[j][start + i]), 1e-14);
            }
        }
    }
}

TEST_P(EveryLoss, IsFiniteForExtremeOutputs) {
    Problem p(GetParam());
    for (std::size_t i = 0; i < p.size(); ++i) p.outputs[i] = i % 2 ? 1e4 : -1e4;
    const std::vector<double> ones(p.size(), 1.0);
    for (const std::vector<double>& values : {p.value(p.outputs), p.gradient(p.outputs), p.hessian(ones), p.factor(ones)}) {
        for (const double value : values) EXPECT_TRUE(std::isfinite(value));
    }
}

/// Gradient, Hessian product and the product through the factor, composed of a device's primitives.
struct Composed { std::vector<double> gradient, hessian, factored; };

Composed composed(const Problem& p, const std::vector<double>& t) {
    DeviceDouble device;
    const engine::LossOnDevice& loss = p.loss.on_device;
    const engine::LossOnDevice::Rows size{p.rows, p.width};
    const engine::Buffer outputs = device.from_host(p.outputs, engine::DType::float64), tangent = device.from_host(t, engine::DType::float64);
    const engine::Buffer curvature = loss.curvature(device, size, outputs.view());
    engine::Buffer result = device.allocate(engine::DType::float64, p.size());
    Composed made;
    loss.gradient(device, size, outputs.view(), curvature.view(), p.labels, result.view());
    made.gradient = device.to_host(result.view());
    const std::size_t copied = device.traffic().downloads().calls + device.traffic().uploads().calls;
    loss.hessian_product(device, size, curvature.view(), tangent.view(), result.view());
    EXPECT_EQ(device.traffic().downloads().calls + device.traffic().uploads().calls, copied) << "a product waits for nothing";
    made.hessian = device.to_host(result.view());
    loss.factored_product(device, size, curvature.view(), tangent.view(), result.view());
    made.factored = device.to_host(result.view());
    return made;
}

TEST_P(EveryLoss, OnADeviceIsTheSame) {
    Problem p(GetParam());
    const std::vector<double> t = normals(p.size(), 4);
    const Composed made = composed(p, t);
    EXPECT_LE(distance(made.gradient, p.gradient(p.outputs)), roundoff<double>);
    EXPECT_LE(distance(made.hessian, p.hessian(t)), roundoff<double>);
    EXPECT_LE(distance(made.factored, p.hessian(t)), roundoff<double>);

    // Rows that the model is sure of: their small gradients keep their digits.
    for (std::size_t i = 0; i < p.size(); ++i) p.outputs[i] = i % static_cast<std::size_t>(p.width) == 0 ? 40 : -p.outputs[i];
    const std::vector<double> expected = p.gradient(p.outputs), found = composed(p, t).gradient;
    for (std::size_t i = 0; i < p.size(); ++i) EXPECT_NEAR_RELATIVE(found[i], expected[i], 1e-13) << i;
    for (std::size_t i = 0; i < p.size(); ++i) p.outputs[i] = i % 2 ? 1e4 : -1e4;
    const Composed extreme = composed(p, std::vector<double>(p.size(), 1.0));
    for (const std::vector<double>* values : {&extreme.gradient, &extreme.hessian, &extreme.factored})
        for (const double value : *values) EXPECT_TRUE(std::isfinite(value));
}

TEST(LossOnADevice, RefusesLabelsThatDoNotFit) {
    for (const char* name : {"cross_entropy", "mean_squared_error"}) {
        Problem p({name, 3});
        p.labels = p.loss.class_labels ? Labels{{0, 1, 3, 0}, {}} : Labels{{}, {1, 2}};
        EXPECT_THROW(composed(p, p.outputs), Error) << name;
    }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryLoss,
                         testing::Values(LossCase{"cross_entropy", 2}, LossCase{"cross_entropy", 7}, LossCase{"binary_cross_entropy", 1},
                                         LossCase{"binary_cross_entropy", 5}, LossCase{"mean_squared_error", 1}, LossCase{"mean_squared_error", 3}));

double one_value(const char* name, std::vector<double> outputs, const Labels& labels) {
    double loss = 0;
    engine::find_loss(name)->value(outputs, 1, static_cast<std::int64_t>(outputs.size()), labels, {&loss, 1});
    return loss;
}

TEST(Loss, HasTheValuesOfItsFormula) {
    EXPECT_NEAR_RELATIVE(one_value("cross_entropy", {0, 0, 0, 0}, {{2}, {}}), std::log(4.0), roundoff<double>);
    EXPECT_NEAR_RELATIVE(one_value("cross_entropy", {1, 3}, {{0}, {}}), std::log1p(std::exp(2.0)), roundoff<double>);
    EXPECT_NEAR_RELATIVE(one_value("cross_entropy", {0, 40}, {{1}, {}}), std::exp(-40.0), 1e-16 / std::exp(-40.0));
    EXPECT_NEAR_RELATIVE(one_value("binary_cross_entropy", {0}, {{1}, {}}), std::numbers::ln2, roundoff<double>);
    EXPECT_NEAR_RELATIVE(one_value("binary_cross_entropy", {0, 2}, {{}, {1, 0}}), (std::numbers::ln2 + std::log1p(std::exp(2.0))) / 2, roundoff<double>);
    EXPECT_EQ(one_value("binary_cross_entropy", {1e4}, {{0}, {}}), 1e4);
    EXPECT_EQ(one_value("mean_squared_error", {1, 5}, {{}, {3, 4}}), 2.5);
}

TEST(Loss, RefusesLabelsThatDoNotFit) {
    EXPECT_THROW(one_value("cross_entropy", {0, 0}, {{2}, {}}), Error);
    EXPECT_THROW(one_value("cross_entropy", {0, 0}, {{-1}, {}}), Error);
    EXPECT_THROW(one_value("cross_entropy", {0, 0}, {}), Error);
    EXPECT_THROW(one_value("binary_cross_entropy", {0}, {{2}, {}}), Error);
    EXPECT_THROW(one_value("binary_cross_entropy", {0, 0}, {{1}, {}}), Error) << "a class is no target of two outputs";
}

model::Model model_with(const std::string& loss, const std::string& activation) {
    model::Model m;
    m.path = "m.h5";
    m.facts.loss = loss;
    m.architecture.emplace();
    model::Node input, output;
    input.name = "x";
    input.kind = "input";
    output.name = "y";
    output.kind = "activation";
    output.attributes["function"] = activation;
    const std::size_t x = m.architecture->add(input, {});
    m.architecture->inputs = {x};
    m.architecture->outputs = {m.architecture->add(output, {x})};
    return m;
}

TEST(ChooseLoss, TakesTheDeclaredThenTheFilesThenTheActivations) {
    EXPECT_EQ(choose_loss(model_with("mean_squared_error", "softmax")).name, "mean_squared_error");
    EXPECT_EQ(choose_loss(model_with("mean_squared_error", "softmax"), "cross_entropy").name, "cross_entropy");
    EXPECT_EQ(choose_loss(model_with("", "softmax")).name, "cross_entropy");
    EXPECT_EQ(choose_loss(model_with("", "sigmoid")).name, "binary_cross_entropy");
    EXPECT_EQ(choose_loss(model_with("cross_entropy", "linear")).name, "cross_entropy");
}

ErrorKind refusal(const model::Model& model, std::string_view declared = {}) {
    try {
        choose_loss(model, declared);
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("cross_entropy"), std::string::npos) << "the message lists the losses: " << error.what();
        return error.kind();
    }
    ADD_FAILURE() << "chose a loss";
    return ErrorKind::internal;
}

TEST(ChooseLoss, AsksWhereNothingDecides) {
    EXPECT_EQ(refusal(model_with("", "relu")), ErrorKind::unsupported);
    EXPECT_EQ(refusal(model_with("hinge", "softmax")), ErrorKind::unsupported);
    EXPECT_EQ(refusal(model_with("", "softmax"), "hinge"), ErrorKind::usage);
    EXPECT_EQ(refusal(model_with("binary_cross_entropy", "softmax")), ErrorKind::unsupported) << "its logits are not the network's";
    EXPECT_EQ(refusal({}), ErrorKind::unsupported) << "weights alone";
}

}  // namespace

}  // namespace assay::test
