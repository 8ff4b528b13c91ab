#pragma once
// Small networks that hold, together, every layer; among them the ones that stretch the interfaces.

#include "tests/engine/layers/model_builder.hpp"

#include <ostream>

namespace assay::test {

struct NetworkCase {
    const char* name;
    model::Model (*make)();
    friend std::ostream& operator<<(std::ostream& out, const NetworkCase& tested) { return out << tested.name; }
};

inline model::Model images() {
    ModelBuilder b;
    auto x = b.input("x", {5, 4, 2});
    x = b.node("pad", "zero_padding_2d", Json::parse(R"({"padding":[[1,0],[0,1]]})"), {x});
    x = b.node("conv", "conv2d", Json::parse(R"({"filters":3,"kernel_size":[3,3],"strides":[2,2],"padding":"same"})"), {x},
               {b.parameter("conv/kernel", {3, 3, 2, 3}), b.parameter("conv/bias", {3})});
    x = b.node("bn", "batch_normalization", Json::object(), {x},
               {b.parameter("bn/gamma", {3}), b.parameter("bn/beta", {3}), b.parameter("bn/mean", {3}, false), b.parameter("bn/variance", {3}, false, true)});
    x = b.activation("elu", "gelu", x);
    x = b.node("pool", "average_pooling_2d", Json::parse(R"({"pool_size":[2,2],"strides":[1,1],"padding":"same"})"), {x});
    x = b.node("flatten", "flatten", Json::object(), {x});
    x = b.dense("dense", 27, 3, x);
    b.output(b.activation("softmax", "softmax", x));
    return b.model;
}

inline model::Model rectified() {
    ModelBuilder b;
    auto x = b.input("x", {4, 4, 1});
    x = b.node("scale", "rescaling", Json::parse(R"({"scale":0.5,"offset":0.1})"), {x});
    x = b.node("conv", "conv2d", Json::parse(R"({"filters":4,"kernel_size":[3,3],"padding":"valid","use_bias":false})"), {x}, {b.parameter("conv/kernel", {3, 3, 1, 4})});
    x = b.activation("relu", "relu", x);
    x = b.node("max", "max_pooling_2d", Json::parse(R"({"pool_size":[2,2],"strides":[1,1],"padding":"same"})"), {x});
    x = b.node("reshape", "reshape", Json::parse(R"({"target_shape":[-1]})"), {x});
    x = b.node("dropout", "identity", Json::object(), {x});
    b.output(b.dense("dense", 16, 3, x));
    return b.model;
}

inline model::Model residual() {
    ModelBuilder b;
    const auto x = b.input("x", {3, 2, 2});
    const auto h = b.node("point", "conv2d", Json::parse(R"({"filters":2,"kernel_size":[1,1]})"), {x}, {b.parameter("point/kernel", {1, 1, 2, 2}), b.parameter("point/bias", {2})});
    const auto t = b.activation("tanh", "tanh", h);
    const auto sum = b.node("sum", "add", Json::object(), {x, t, h});
    const auto normal = b.node("normal", "layer_normalization", Json::object(), {sum}, {b.parameter("normal/gamma", {2}), b.parameter("normal/beta", {2})});
    const auto gate = b.activation("gate", "sigmoid", h);
    const auto gated = b.node("gated", "multiply", Json::object(), {normal, gate});
    const auto square = b.node("square", "multiply", Json::object(), {gated, gated});
    const auto both = b.node("both", "concatenate", {{"axis", 3}}, {gated, square, t});
    const auto turned = b.node("turned", "permute", Json::parse(R"({"order":[2,3,1]})"), {both});
    const auto back = b.node("back", "permute", Json::parse(R"({"order":[3,1,2]})"), {turned});
    const auto mean = b.node("mean", "global_average_pooling_2d", Json::object(), {back});
    const auto attention = b.activation("attention", "softmax", b.dense("score", 6, 4, mean));   // a softmax inside
    b.output(b.dense("dense", 4, 3, attention));
    return b.model;
}

/// An embedding whose mask goes through two recurrences and a layer normalization.
inline model::Model text() {
    ModelBuilder b;
    auto x = b.input("words", {5}, "float32");   // as Keras declares it: the layer decides
    x = b.node("embedding", "embedding", Json::parse(R"({"input_dim":4,"output_dim":3,"mask_zero":true})"), {x}, {b.parameter("embedding/table", {4, 3})});
    x = b.node("first", "simple_rnn", Json::parse(R"({"units":3,"activation":"tanh","return_sequences":true})"), {x},
               {b.parameter("first/kernel", {3, 3}), b.parameter("first/recurrent", {3, 3}), b.parameter("first/bias", {3})});
    x = b.node("normal", "layer_normalization", Json::object(), {x}, {b.parameter("normal/gamma", {3}), b.parameter("normal/beta", {3})});
    x = b.node("second", "simple_rnn", Json::parse(R"({"units":2,"activation":"sigmoid","go_backwards":true})"), {x},
               {b.parameter("second/kernel", {3, 2}), b.parameter("second/recurrent", {2, 2}), b.parameter("second/bias", {2})});
    b.output(b.activation("sigmoid", "sigmoid", b.dense("dense", 2, 1, x)));
    return b.model;
}

/// One dense layer applied twice in a row.
inline model::Model shared() {
    ModelBuilder b;
    const auto x = b.input("x", {3});
    const std::size_t kernel = b.parameter("dense/kernel", {3, 3}), bias = b.parameter("dense/bias", {3});
    const auto once = b.activation("act", "tanh", b.node("dense", "dense", {{"units", 3}}, {x}, {kernel, bias}));
    b.output(b.activation("act2", "softplus", b.node("dense#2", "dense", {{"units", 3}}, {once}, {kernel, bias})));
    return b.model;
}

/// Two inputs (one of them integer), two outputs, one of them in the middle and read by the other; a frozen layer.
inline model::Model two_by_two() {
    ModelBuilder b;
    const auto x = b.input("x", {2, 2});
    const auto i = b.input("index", {3}, "int32");
    const auto flat = b.node("flat", "flatten", Json::object(), {x});
    const auto h = b.activation("h", "tanh", b.dense("left", 4, 3, flat));
    const auto words = b.node("words", "embedding", Json::parse(R"({"input_dim":4,"output_dim":2})"), {i}, {b.parameter("words/table", {4, 2})});
    const auto flat_words = b.node("flat_words", "flatten", Json::object(), {words});
    const auto both = b.node("both", "concatenate", {{"axis", 1}}, {h, flat_words});
    const auto frozen = b.node("frozen", "dense", {{"units", 4}}, {both}, {b.parameter("frozen/kernel", {9, 4}, false), b.parameter("frozen/bias", {4}, false)});
    const auto squashed = b.activation("squashed", "tanh", frozen);
    b.output(h);
    b.output(b.dense("right", 4, 2, squashed));
    return b.model;
}

/// A value that several layers read through different shapes.
inline model::Model shapes() {
    ModelBuilder b;
    const auto x = b.input("x", {2, 3});
    const auto h = b.activation("h", "tanh", b.dense("first", 3, 3, x));
    const auto flat = b.node("flat", "flatten", Json::object(), {h});
    const auto turned = b.node("turned", "reshape", Json::parse(R"({"target_shape":[3,2]})"), {flat});
    const auto long_way = b.dense("long_way", 2, 2, turned);
    const auto longer = b.node("longer", "flatten", Json::object(), {long_way});
    const auto short_way = b.dense("short_way", 6, 6, flat);
    b.output(b.node("product", "multiply", Json::object(), {short_way, longer}));
    b.output(b.node("copy", "identity", Json::object(), {flat}));
    return b.model;
}

inline constexpr NetworkCase network_cases[] = {
    {"images", images}, {"rectified", rectified}, {"residual", residual}, {"text", text},
    {"shared", shared}, {"two_by_two", two_by_two}, {"shapes", shapes},
};

}  // namespace assay::test
