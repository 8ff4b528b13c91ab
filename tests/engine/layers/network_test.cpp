// What a Network is: names, shapes, layout, refusals.

#include "libanalysis/core/error.hpp"
#include "tests/engine/layers/network_cases.hpp"
#include "tests/engine/layers/network_runner.hpp"
#include "tests/support/device_double.hpp"
#include "tests/support/tolerance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::test {
namespace {

using engine::DType;
using engine::Network;
using testing::ElementsAre;
using testing::HasSubstr;

Error refused(const model::Model& model, engine::NetworkOptions options = {}) {
    try {
        const Network network(model, std::move(options));
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "was accepted";
    return Error(ErrorKind::internal, {"", "", ""});
}

TEST(Network, NamesInputsOutputsAndNodes) {
    const Network network(two_by_two());
    EXPECT_THAT(network.input_names(), ElementsAre("x", "index"));
    EXPECT_THAT(network.input_shapes(), ElementsAre(Shape{2, 2}, Shape{3}));
    EXPECT_THAT(network.input_types(), ElementsAre(DType::float32, DType::int32));
    EXPECT_THAT(network.output_names(), ElementsAre("h", "right"));
    EXPECT_THAT(network.output_shapes(), ElementsAre(Shape{3}, Shape{2}));
    EXPECT_EQ(network.node_names().size(), 11u);
    for (std::size_t i = 0; i < network.node_names().size(); ++i) {
        if (network.node_names()[i] != "both") continue;
        EXPECT_EQ(network.node_shape(i), Shape{9});
    }
    EXPECT_EQ(network.forward_madds(), 4 * 3 + 9 * 4 + 4 * 2);
}

TEST(Network, LaysTrainableParametersFirst) {
    const model::Model model = images();
    const Network network(model);
    const engine::ParameterLayout& layout = network.layout();
    EXPECT_EQ(layout.trainable_count, 54u + 3 + 3 + 3 + 81 + 3);
    EXPECT_EQ(layout.total_count, layout.trainable_count + 6);
    std::size_t next = 0;
    for (const bool trainable : {true, false})
        for (const auto& entry : layout.entries) {
            if (entry.trainable != trainable) continue;
            EXPECT_EQ(entry.offset, next);
            next += entry.size;
        }
    const auto backend = engine::make_cpu_backend();
    const std::vector<double> packed = backend->to_host(network.pack(*backend, model.weights).view());
    for (const auto& entry : layout.entries)
        for (std::size_t k = 0; k < entry.size; ++k) EXPECT_EQ(packed[entry.offset + k], model.weights[entry.parameter].at(k));
}

TEST(Network, RefusesWeightsOfOtherShapes) {
    const model::Model model = shared();
    const Network network(model);
    const auto backend = engine::make_cpu_backend();
    model::Weights weights = model.weights;
    weights[0].shape = {9, 1};
    EXPECT_THROW(network.pack(*backend, weights), Error);
    weights = model.weights;
    weights[0].values = std::vector<float>(8);
    EXPECT_THROW(network.pack(*backend, weights), Error);
    weights = model.weights;
    weights.pop_back();
    EXPECT_THROW(network.pack(*backend, weights), Error);
}

TEST(Network, FoldsAFinalSoftmaxThatNobodyElseReads) {
    EXPECT_EQ(Network(images()).folded_activation(), "softmax");
    EXPECT_EQ(Network(text()).folded_activation(), "sigmoid");
    EXPECT_EQ(Network(rectified()).folded_activation(), "");
    EXPECT_THAT(Network(images()).output_names(), ElementsAre("softmax"));
    EXPECT_EQ(Network(images(), {.logits = false}).folded_activation(), "");
    EXPECT_EQ(Network(images(), {.logits = false}).node_names().back(), "softmax");

    ModelBuilder b;   // the softmax is an output and feeds another one
    const auto p = b.activation("p", "softmax", b.dense("d", 2, 2, b.input("x", {2})));
    b.output(p);
    b.output(b.dense("e", 2, 2, p));
    EXPECT_EQ(Network(b.model).folded_activation(), "");
}

TEST(Network, ProbabilitiesAreTheSoftmaxOfTheLogits) {
    const model::Model model = images();
    const auto backend = engine::make_cpu_backend();
    std::vector<std::vector<double>> outputs;
    for (const bool logits : {true, false}) {
        const Network network(model, {.precision = DType::float64, .logits = logits});
        const engine::Buffer parameters = network.pack(*backend, model.weights);
        engine::Batch batch{1, {}};
        batch.inputs.push_back(backend->from_host(normals(40, 1), DType::float64));
        outputs.push_back(backend->to_host(network.forward(*backend, parameters.view(), std::move(batch)).network_output(0)));
    }
    double sum = 0;
    for (const double z : outputs[0]) sum += std::exp(z);
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(outputs[1][c], std::exp(outputs[0][c]) / sum, 1e-14);
}

TEST(Network, NamesALayerThatAssayDoesNotHave) {
    ModelBuilder b("model.h5");
    const auto x = b.input("x", {2});
    const auto h = b.node("lambda_1", "unsupported", Json::object(), {x});
    b.model.architecture->graph[h].layer_class = "Lambda";
    b.output(b.dense("d", 2, 2, h));
    const Error error = refused(b.model);
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_STREQ(error.what(), "model.h5: layer lambda_1 (Lambda): Assay has no such layer. Measures on weights still run.");
}

TEST(Network, LeavesOutBranchesThatReachNoOutput) {
    ModelBuilder b;
    const auto x = b.input("x", {2});
    b.node("lambda_1", "unsupported", Json::object(), {x});
    b.output(b.dense("d", 2, 2, x));
    EXPECT_THAT(Network(b.model).node_names(), ElementsAre("x", "d"));
}

TEST(Network, AsksForUnknownExtents) {
    ModelBuilder b;
    b.output(b.node("flat", "flatten", Json::object(), {b.input("x", {-1, 3})}));
    EXPECT_THAT(refused(b.model).what(), HasSubstr("expected known extents, found shape [?, 3]"));
    EXPECT_EQ(Network(b.model, {.input_shapes = {{4, 3}}}).output_shapes()[0], Shape{12});
    EXPECT_THAT(refused(b.model, {.input_shapes = {{4, 2}}}).what(), HasSubstr("expected rows of shape [?, 3], found [4, 2]"));
    EXPECT_EQ(refused(b.model, {.input_shapes = {{4, 3}, {1}}}).kind(), ErrorKind::usage);
}

TEST(Network, RefusesModelsItCannotRun) {
    model::Model bare;
    bare.path = "w.h5";
    EXPECT_EQ(refused(bare).kind(), ErrorKind::missing);

    ModelBuilder none;
    none.input("x", {2});
    EXPECT_THAT(refused(none.model).what(), HasSubstr("a model with an output"));

    ModelBuilder unknown;
    unknown.output(unknown.node("n", "no_such_kind", Json::object(), {unknown.input("x", {2})}));
    EXPECT_EQ(refused(unknown.model).kind(), ErrorKind::unsupported);

    ModelBuilder twofold;   // the same values as indices and as numbers
    const auto x = twofold.input("x", {2});
    twofold.output(twofold.node("e", "embedding", Json::parse(R"({"input_dim":2,"output_dim":1})"), {x}, {twofold.parameter("t", {2, 1})}));
    twofold.output(twofold.dense("d", 2, 2, x));
    EXPECT_THAT(refused(twofold.model).what(), HasSubstr("as indices and as numbers"));

    ModelBuilder masks;
    const auto table = masks.parameter("t", {2, 1});
    const Json attributes = Json::parse(R"({"input_dim":2,"output_dim":1,"mask_zero":true})");
    const auto left = masks.node("l", "embedding", attributes, {masks.input("a", {3})}, {table});
    const auto right = masks.node("r", "embedding", attributes, {masks.input("b", {3})}, {table});
    masks.output(masks.node("sum", "add", Json::object(), {left, right}));
    EXPECT_THAT(refused(masks.model).what(), HasSubstr("different masks"));
}

TEST(Network, TakesNoMeanOverWhollyMaskedTime) {   // 0 / 0, as in Keras
    ModelBuilder b;
    const auto words = b.node("words", "embedding", Json::parse(R"({"input_dim":3,"output_dim":2,"mask_zero":true})"), {b.input("x", {3}, "int32")},
                              {b.parameter("table", {3, 2})});
    b.output(b.node("mean", "global_average_pooling_1d", Json::object(), {words}));
    NetworkRunner net(b.model, DType::float64, 2);
    net.inputs[0] = {0, 0, 0, 1, 0, 2};
    const Values table = net.theta(), y = net.outputs(net.forward(table, {}));
    EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]));
    for (std::size_t c = 0; c < 2; ++c) EXPECT_NEAR(y[2 + c], (table[2 + c] + table[4 + c]) / 2, roundoff<double>);
}

TEST(Network, RefusesIndicesOutOfRange) {
    NetworkRunner net(text(), DType::float32, 2);
    net.inputs[0][3] = 4;
    try {
        net.forward(net.theta(), {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::data);
        EXPECT_THAT(error.what(), HasSubstr("expected indices from 0 to 3, found 4"));
    }
}

TEST(Network, OnADeviceIsThatOfTheHostAndWaitsForNothing) {
    for (const NetworkCase& c : network_cases) {
        for (const DType type : {DType::float32, DType::float64}) {
            NetworkRunner host(c.make(), type, 3), device(c.make(), type, 3);
            auto there = std::make_unique<DeviceDouble>();
            Traffic& traffic = there->traffic();
            device.lane = std::move(there);
            const Values theta = host.theta(), x = host.x(), direction = normals(host.size(), 7);
            const double near = type == DType::float32 ? roundoff<float> : roundoff<double>;
            const auto ours = device.gradient(theta, x), theirs = host.gradient(theta, x);
            EXPECT_LE(distance(ours.parameters, theirs.parameters), near) << c.name;
            EXPECT_LE(distance(ours.inputs, theirs.inputs), near) << c.name;
            engine::Tape tape = device.forward(theta, x), other = host.forward(theta, x);
            EXPECT_LE(distance(device.outputs(tape), host.outputs(other)), near) << c.name;
            device.backward(tape, device.loss_gradient_seeds(tape)), host.backward(other, host.loss_gradient_seeds(other));
            EXPECT_LE(distance(device.hessian_product(tape, direction).parameters, host.hessian_product(other, direction).parameters), 10 * near) << c.name;
            const auto& types = device.network.input_types();
            const bool looks_indices_up = std::find(types.begin(), types.end(), DType::int32) != types.end();   // and checks them on the host
            traffic.clear();
            device.forward(theta, x);
            EXPECT_EQ(traffic.downloads().calls > 0, looks_indices_up) << c.name;
        }
    }
}

TEST(Network, RefusesANegativeVariance) {
    model::Model model = images();
    model.weights[5].values = std::vector<double>{1, -0.01, 1};
    DeviceDouble device;
    EXPECT_THROW(Network(model).pack(device, model.weights), Error);
    try {   // on a device the weights are looked at when they go there
        NetworkRunner net(model, DType::float64, 1);
        net.forward(net.theta(), net.x());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::data);
        EXPECT_THAT(error.what(), HasSubstr("layer bn (Test): expected a moving_variance above -0.001"));
    }
}

// Rows per micro-batch are a property of the model: neither precision nor the loss may change them.
TEST(Network, MicroBatchDependsOnTheModelAlone) {
    for (const NetworkCase& c : network_cases) {
        const Network single(c.make()), wide(c.make(), {.precision = DType::float64});
        EXPECT_EQ(single.micro_batch(), 512) << "tiny networks take the most";
        EXPECT_EQ(wide.micro_batch(), single.micro_batch());
        EXPECT_GT(single.forward_bytes(), 0u);
        EXPECT_GT(single.derivative_bytes(), single.forward_bytes());
    }
    // Unless a device's memory bounds them: what derivatives hold is counted in the network's own precision.
    for (const NetworkCase& c : network_cases) {
        for (const DType precision : {DType::float32, DType::float64}) {
            const Network whole(c.make(), {.precision = precision});
            const std::size_t vectors = 2 * whole.layout().trainable_count * size_of(precision), half = vectors + (whole.derivative_bytes() - vectors) / 2;
            const Network bounded(c.make(), {.precision = precision, .micro_batches = {.derivatives = half}});
            EXPECT_EQ(bounded.micro_batch(), 256);
            EXPECT_LE(bounded.derivative_bytes(), half);
            EXPECT_EQ(Network(c.make(), {.precision = precision, .micro_batches = {.derivatives = 1}}).micro_batch(), 1) << "a row has to fit";
        }
    }
    ModelBuilder large;   // 32 MiB a row
    large.output(large.node("r", "rescaling", Json::object(), {large.input("x", {1024, 1024, 8})}));
    EXPECT_EQ(Network(large.model).micro_batch(), 4);
}

TEST(Network, SkipsUnwantedGradients) {
    NetworkRunner net(two_by_two(), DType::float64, 2);
    engine::Tape tape = net.forward(net.theta(), net.x());
    const auto seeds = net.split(net.loss_gradient_seeds(tape));
    net.network.backward(*net.lane, tape, seeds.views, {});
    for (std::size_t i = 0; i < net.network.node_names().size(); ++i) {
        const std::string& name = net.network.node_names()[i];
        EXPECT_EQ(tape.delta(i).empty(), name == "x" || name == "index" || name == "flat") << name;
    }
}

// Where a node that only changes a shape is not the only reader, its delta is its own part of the whole.
TEST(Network, KeepsDeltasOfSharedMemoryApart) {
    NetworkRunner net(shapes(), DType::float64, 1);
    engine::Tape tape = net.forward(net.theta(), net.x());
    net.backward(tape, net.loss_gradient_seeds(tape));
    const auto delta = [&](const std::string& name) {
        for (std::size_t i = 0; i < net.network.node_names().size(); ++i)
            if (net.network.node_names()[i] == name) return net.lane->to_host(tape.delta(i));
        return Values{};
    };
    EXPECT_EQ(delta("h"), delta("flat")) << "flat is all that reads h";
    EXPECT_NE(delta("flat"), delta("copy"));
    EXPECT_NE(delta("flat"), delta("turned"));
    const Values seeds = net.loss_gradient_seeds(tape);
    EXPECT_EQ(delta("copy"), Values(seeds.begin() + 6, seeds.end()));
}

}  // namespace
}  // namespace assay::test
