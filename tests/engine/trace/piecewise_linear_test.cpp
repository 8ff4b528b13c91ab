// Which networks have equal traces of Hessian and Gauss-Newton matrix, and what happens at their kinks.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/exact_trace.hpp"
#include "tests/engine/layers/golden_networks.hpp"
#include "tests/engine/layers/network_cases.hpp"
#include "tests/engine/trace/piecewise_networks.hpp"
#include "tests/support/device_double.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace assay::test {
namespace {

using engine::DType;

std::string refusal(const model::Model& model) { return engine::gauss_newton_trace_refusal(engine::Network(model)); }

model::Model around(const std::function<ModelBuilder::Vertex(ModelBuilder&, ModelBuilder::Vertex)>& middle) {
    ModelBuilder b;
    b.output(b.dense("out", 4, 3, middle(b, b.dense("in", 3, 4, b.input("x", {3})))));
    return b.model;
}

TEST(PiecewiseLinear, NamesTheLayerThatBends) {
    for (const char* function : {"tanh", "gelu", "elu", "softplus", "sigmoid", "softmax"})
        EXPECT_EQ(refusal(around([&](ModelBuilder& b, auto x) { return b.activation("inside", function, x); })), "layer inside is not piecewise linear") << function;
    for (const char* function : {"selu", "silu", "mish", "hard_silu", "log_softmax", "exponential", "softsign"})
        EXPECT_EQ(refusal(around([&](ModelBuilder& b, auto x) { return b.activation("inside", function, x); })), "layer inside is not piecewise linear") << function;
    for (const char* function : {"relu", "leaky_relu", "general_relu", "hard_tanh", "soft_shrink"})
        EXPECT_EQ(refusal(around([&](ModelBuilder& b, auto x) { return b.activation("inside", function, x); })), "") << function;
    EXPECT_EQ(refusal(kinked()), "");
    EXPECT_EQ(refusal(around([](ModelBuilder& b, auto x) { return b.node("product", "multiply", Json::object(), {x, x}); })), "layer product is not piecewise linear");
    EXPECT_EQ(refusal(around([](ModelBuilder& b, auto x) {
        return b.node("normal", "layer_normalization", Json::object(), {x}, {b.parameter("normal/gamma", {4}), b.parameter("normal/beta", {4})});
    })), "layer normal is not piecewise linear");
    EXPECT_EQ(refusal(text()), "layer first is not piecewise linear") << "a recurrence uses its weights at every step";
}

TEST(PiecewiseLinear, NamesAParameterThatIsUsedTwice) {
    ModelBuilder b;
    const auto x = b.input("x", {3});
    const std::size_t kernel = b.parameter("dense/kernel", {3, 3}), bias = b.parameter("dense/bias", {3});
    const auto once = b.activation("relu", "relu", b.node("dense", "dense", {{"units", 3}}, {x}, {kernel, bias}));
    b.output(b.node("dense#2", "dense", {{"units", 3}}, {once}, {kernel, bias}));
    EXPECT_EQ(refusal(b.model), "parameter dense/kernel is used twice, the second time by layer dense#2");
    for (auto& parameter : b.model.parameters) parameter.trainable = false;
    EXPECT_EQ(refusal(b.model), "") << "constants may be shared";
}

TEST(PiecewiseLinear, LooksOnlyBetweenParametersAndLoss) {
    ModelBuilder b;
    const auto x = b.activation("below", "tanh", b.input("x", {3}));
    const auto hidden = b.activation("relu", "relu", b.dense("in", 3, 4, x));
    b.output(b.activation("softmax", "softmax", b.dense("out", 4, 3, hidden)));   // folded into the loss
    b.output(b.activation("aside", "tanh", b.dense("other", 4, 2, hidden)));      // the loss does not see it
    EXPECT_EQ(refusal(b.model), "");
    EXPECT_EQ(engine::gauss_newton_trace_refusal(engine::Network(b.model, {.logits = false})), "layer softmax is not piecewise linear");
}

TEST(KinkProximity, IsTheShareOfRectifiedValuesNearZero) {
    const GoldenPrimal golden(1, DType::float64);
    const std::vector<double> theta = golden.backend->to_host(golden.parameters.view());
    for (const double delta : {0.05, 0.3, 10.0}) {
        std::int64_t near = 0;
        for (std::size_t n = 0; n < golden_rows; ++n)
            for (std::size_t j = 0; j < 4; ++j) {
                double z = theta[12 + j];
                for (std::size_t d = 0; d < 3; ++d) z += std::cos(0.9 * static_cast<double>(n) + 1.1 * static_cast<double>(d) + 0.2) * theta[4 * d + j];
                near += std::abs(z) <= delta;
            }
        const engine::KinkProximity found = engine::kink_proximity(golden.primal, delta);
        EXPECT_EQ(found.near, near);
        EXPECT_EQ(found.total, 24);
        EXPECT_DOUBLE_EQ(found.share, static_cast<double>(near) / 24);
        EXPECT_EQ(near > 0, delta > 0.058) << "the smallest is known";
    }
    EXPECT_EQ(engine::kink_proximity(GoldenPrimal(0, DType::float64).primal, 1).total, 0) << "tanh has no kink";
    EXPECT_THROW(engine::kink_proximity(golden.primal, -1), Error);
}

TEST(KinkProximity, OfADeviceIsCountedThereAndToTheLastDigit) {
    for (const DType type : {DType::float32, DType::float64}) {
        auto owned = std::make_unique<DeviceDouble>();
        Traffic& traffic = owned->traffic();
        const GoldenPrimal host(1, type), device(1, type, std::move(owned));
        std::vector<double> deltas{0, 1e-30, 0.3, 1e300};
        host.primal.visit(engine::Primal::Part::values, [&](const engine::Primal::Item& item) {
            for (const double z : item.lane.to_host(item.tape.output(1)))   // before the rectifier
                deltas.insert(deltas.end(), {std::abs(z), std::nextafter(std::abs(z), 0.0), std::nextafter(std::abs(z), 1e9)});
        });
        ASSERT_EQ(deltas.size(), 4 + 3 * 24u);
        engine::kink_proximity(device.primal, 1);
        traffic.clear();
        for (const double delta : deltas) EXPECT_EQ(engine::kink_proximity(device.primal, delta).near, engine::kink_proximity(host.primal, delta).near) << delta;
        EXPECT_EQ(traffic.downloads().calls, 0u);
    }
}

TEST(KinkProximity, CountsTheKinksOfEveryFunction) {
    struct Row { const char* attributes; std::vector<double> kinks; };
    for (const Row& row : {Row{R"({"function":"leaky_relu","negative_slope":0.3})", {0}}, {R"({"function":"general_relu","threshold":-0.3,"max_value":0.7})", {-0.3, 0.7}},
                           {R"({"function":"general_relu","max_value":6})", {0, 6}}, {R"({"function":"hard_sigmoid","slope":0.2})", {-2.5, 2.5}},
                           {R"({"function":"hard_tanh"})", {-1, 1}}, {R"({"function":"soft_shrink","threshold":0.1})", {-0.1, 0.1}}, {R"({"function":"selu"})", {0}},
                           {R"({"function":"elu","alpha":0.5})", {0}}, {R"({"function":"threshold","threshold":0.1})", {0.1}}}) {
        const model::Model model = around([&](ModelBuilder& b, auto x) { return b.node("inside", "activation", Json::parse(row.attributes), {x}); });
        for (const DType type : {DType::float32, DType::float64}) {
            const TracedNetwork host(model, "cross_entropy", 9, type), device(model, "cross_entropy", 9, type, {}, {}, std::make_unique<DeviceDouble>());
            std::vector<double> read;
            host.primal.visit(engine::Primal::Part::values, [&](const engine::Primal::Item& item) { read = item.lane.to_host(item.tape.output(1)); });
            ASSERT_EQ(read.size(), 36u);
            std::vector<double> deltas{0, 0.05, 0.1, 0.5, 1e300};   // at the larger ones the neighbourhoods of two kinks meet
            for (const double kink : row.kinks)
                for (const double z : read) deltas.insert(deltas.end(), {std::abs(z - kink), std::nextafter(std::abs(z - kink), 0.0)});
            for (const double delta : deltas) {
                std::int64_t near = 0;
                for (const double z : read) near += std::any_of(row.kinks.begin(), row.kinks.end(), [&](double kink) { return std::abs(z - kink) <= delta; });
                EXPECT_EQ(engine::kink_proximity(host.primal, delta).near, near) << row.attributes << " " << delta;
                EXPECT_EQ(engine::kink_proximity(device.primal, delta).near, near) << row.attributes << " " << delta;
            }
        }
    }
    for (const char* smooth : {"elu", "mish", "silu", "softplus", "celu"})
        EXPECT_EQ(engine::kink_proximity(TracedNetwork(around([&](ModelBuilder& b, auto x) { return b.activation("inside", smooth, x); }), "cross_entropy", 3, DType::float64).primal, 1).total, 0)
            << smooth;
}

TEST(Kinks, ARectifierAtZeroPassesNothing) {   // relu'(0) = 0
    model::Model model = around([](ModelBuilder& b, auto x) { return b.activation("relu", "relu", x); });
    for (const std::size_t parameter : {0, 1})
        for (double& w : std::get<std::vector<double>>(model.weights[parameter].values)) w = 0;
    const TracedNetwork net(model, "cross_entropy", 5, DType::float64);
    const engine::TraceResult result = engine::gauss_newton_trace(net.primal);
    EXPECT_EQ(result.by_parameter[0], 0);
    EXPECT_EQ(result.by_parameter[1], 0);
    EXPECT_EQ(result.by_parameter[2], 0) << "its input is zero";
    EXPECT_GT(result.by_parameter[3], 0);
}

TEST(Kinks, TheFirstOfEqualMaximaCounts) {
    ModelBuilder b;
    const std::size_t kernel = b.parameter("conv/kernel", {1, 1, 2, 1});
    b.model.weights[kernel].values = std::vector<double>{1, 1};
    auto x = b.node("conv", "conv2d", Json::parse(R"({"filters":1,"kernel_size":[1,1],"use_bias":false})"), {b.input("x", {1, 2, 2})}, {kernel});
    x = b.node("max", "max_pooling_2d", Json::parse(R"({"pool_size":[1,2]})"), {x});
    b.output(b.node("flatten", "flatten", Json::object(), {x}));
    const engine::Network network(b.model, {.precision = DType::float64});
    const auto backend = engine::make_cpu_backend();
    const engine::Buffer parameters = network.pack(*backend, b.model.weights);
    data::Rows rows;
    rows.indices = {0};
    // Two pixels with the same value 3 = 3 + 0 = 0 + 3: the derivative is the first pixel's, (3, 0).
    rows.split = data::make_split(std::vector<data::NamedInput>{{"x", {1, 2, 2}, {3, 0, 0, 3}}}, {}, {0}, 1);
    const engine::Primal primal(network, *backend, parameters.view(), rows, {.loss = engine::find_loss("mean_squared_error")}, {});
    const std::vector<double> diagonal = engine::gauss_newton_diagonal(primal);   // 2 x^2
    EXPECT_DOUBLE_EQ(diagonal[0], 18);
    EXPECT_EQ(diagonal[1], 0);
}

}  // namespace
}  // namespace assay::test
