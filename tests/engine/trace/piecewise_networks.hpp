#pragma once
// Small piecewise-linear networks with their rows: what an exact trace is tested on. Together they hold every layer that is piecewise
// linear and has parameters.

#include "libanalysis/data/dataset.hpp"
#include "libanalysis/engine/primal.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/engine/layers/network_cases.hpp"

#include <memory>
#include <ostream>

namespace assay::test {

struct PiecewiseCase {
    const char* name;
    model::Model (*make)();
    const char* loss;
    std::int64_t rows;
    friend std::ostream& operator<<(std::ostream& out, const PiecewiseCase& tested) { return out << tested.name; }
};

/// Convolutions (strided, without bias, grouped), batch normalization, max and average pooling, a branch that is added.
inline model::Model residual_images() {
    ModelBuilder b;
    auto x = b.input("x", {6, 5, 2});
    x = b.node("conv", "conv2d", Json::parse(R"({"filters":4,"kernel_size":[3,3],"padding":"same","use_bias":false})"), {x}, {b.parameter("conv/kernel", {3, 3, 2, 4})});
    x = b.node("bn", "batch_normalization", Json::object(), {x},
               {b.parameter("bn/gamma", {4}), b.parameter("bn/beta", {4}), b.parameter("bn/mean", {4}, false), b.parameter("bn/variance", {4}, false, true)});
    x = b.activation("relu", "relu", x);
    x = b.node("max", "max_pooling_2d", Json::parse(R"({"pool_size":[2,2],"strides":[2,2],"padding":"same"})"), {x});
    auto y = b.node("grouped", "conv2d", Json::parse(R"({"filters":4,"kernel_size":[2,2],"groups":2,"padding":"same"})"), {x},
                    {b.parameter("grouped/kernel", {2, 2, 2, 4}), b.parameter("grouped/bias", {4})});
    y = b.activation("relu2", "relu", y);
    x = b.node("add", "add", Json::object(), {x, y});
    x = b.node("strided", "conv2d", Json::parse(R"({"filters":5,"kernel_size":[2,2],"strides":[2,1],"padding":"valid"})"), {x},
               {b.parameter("strided/kernel", {2, 2, 4, 5}), b.parameter("strided/bias", {5})});
    x = b.activation("relu3", "relu", x);
    x = b.node("mean", "global_average_pooling_2d", Json::object(), {x});
    b.output(b.activation("softmax", "softmax", b.dense("dense", 5, 4, x)));
    return b.model;
}

/// Few pixels and many channels: the other way to the norms of a convolution. A frozen layer below.
inline model::Model deep_images() {
    ModelBuilder b;
    auto x = b.input("x", {3, 3, 3});
    x = b.node("frozen", "conv2d", Json::parse(R"({"filters":8,"kernel_size":[1,1]})"), {x}, {b.parameter("frozen/kernel", {1, 1, 3, 8}, false), b.parameter("frozen/bias", {8}, false)});
    x = b.activation("tanh", "tanh", x);   // below every trainable parameter: bends nothing
    x = b.node("conv", "conv2d", Json::parse(R"({"filters":6,"kernel_size":[3,3],"padding":"valid"})"), {x}, {b.parameter("conv/kernel", {3, 3, 8, 6}), b.parameter("conv/bias", {6})});
    x = b.node("flatten", "flatten", Json::object(), {b.activation("relu", "relu", x)});
    b.output(b.dense("dense", 6, 3, x));
    return b.model;
}

/// A dense layer on every step of a sequence, with batch normalization on the last axis of vectors.
inline model::Model sequence() {
    ModelBuilder b;
    auto x = b.input("x", {5, 3});
    x = b.activation("relu", "relu", b.dense("each", 3, 4, x));
    x = b.node("flatten", "flatten", Json::object(), {x});
    x = b.node("bn", "batch_normalization", Json::object(), {x},
               {b.parameter("bn/gamma", {20}), b.parameter("bn/beta", {20}), b.parameter("bn/mean", {20}, false), b.parameter("bn/variance", {20}, false, true)});
    b.output(b.dense("out", 20, 3, b.activation("relu2", "relu", x)));
    return b.model;
}

/// A value that is added twice, to another one that is read again.
inline model::Model repeated() {
    ModelBuilder b;
    const auto x = b.input("x", {3});
    const auto h = b.activation("relu", "relu", b.dense("left", 3, 4, x)), g = b.dense("right", 3, 4, x);
    const auto sum = b.node("sum", "add", Json::object(), {h, h, g, h});
    b.output(b.dense("out", 4, 3, b.node("again", "add", Json::object(), {g, sum})));
    return b.model;
}

inline constexpr PiecewiseCase piecewise_cases[] = {
    {"residual_images", residual_images, "cross_entropy", 70},
    {"deep_images", deep_images, "binary_cross_entropy", 530},   // two micro-batches, the last one ragged
    {"sequence", sequence, "mean_squared_error", 600},
    {"repeated", repeated, "mean_squared_error", 400},
    {"sequence_of_classes", sequence, "cross_entropy", 40},
    {"kinked", kinked, "cross_entropy", 60},
};

/// A model at its weights on random rows.
struct TracedNetwork {
    TracedNetwork(const model::Model& given, const char* loss, std::int64_t rows, engine::DType precision, Context context = {}, std::vector<double> l2 = {},
                  std::unique_ptr<engine::Backend> computes = engine::make_cpu_backend())
        : backend(std::move(computes)), model(given), network(model, {.precision = precision}), parameters(network.pack(*backend, model.weights)), data(rows_of(network, loss, rows)),
          primal(network, *backend, parameters.view(), data, {.loss = engine::find_loss(loss), .l2 = std::move(l2)}, std::move(context)) {}
    static data::Rows rows_of(const engine::Network& network, const char* loss, std::int64_t count) {
        data::Rows rows;
        const Shape& shape = network.input_shapes().front();
        const auto width = static_cast<std::size_t>(network.output_shapes().front().back()), many = static_cast<std::size_t>(count);
        std::vector<double> targets;
        std::vector<std::int64_t> labels;
        const bool classes = engine::find_loss(loss)->class_labels;
        for (std::size_t n = 0; n < many; ++n) {
            rows.indices.push_back(static_cast<std::int64_t>(n));
            if (classes) labels.push_back(static_cast<std::int64_t>(n % width));
            for (std::size_t c = 0; c < width && !classes; ++c) targets.push_back(static_cast<double>((n + c) % 2));
        }
        rows.split = data::make_split(std::vector<data::NamedInput>{{network.input_names().front(), shape, normals(many * static_cast<std::size_t>(element_count(shape)), 12)}},
                                      labels, targets, classes ? 0 : static_cast<std::int64_t>(width));
        return rows;
    }
    std::unique_ptr<engine::Backend> backend;
    model::Model model;
    engine::Network network;
    engine::Buffer parameters;
    data::Rows data;
    engine::Primal primal;
};

}  // namespace assay::test
