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

/// Merged branches, spread over one another, under normalisations by parts of a sample.
inline model::Model merged() {
    ModelBuilder b;
    const auto x = b.input("x", {2, 4});
    const auto centred = b.node("centred", "normalization", Json::object(), {x}, {b.parameter("mean", {4}, false), b.parameter("variance", {4}, false, true)});
    const auto left = b.node("left", "prelu", Json::object(), {b.dense("first", 4, 4, centred)}, {b.parameter("left/alpha", {1, 4})});
    const auto groups = b.node("groups", "group_normalization", {{"groups", 2}}, {left}, {b.parameter("groups/gamma", {4}), b.parameter("groups/beta", {4})});
    const auto squares = b.node("squares", "layer_normalization", Json::parse(R"({"axes":2,"statistics":"mean_square","center":false})"), {left}, {b.parameter("squares/gamma", {2, 4})});
    const auto spread = b.node("spread", "layer_normalization", Json::parse(R"({"statistics":"variance","center":false})"), {left}, {b.parameter("spread/gamma", {4})});
    const auto row = b.node("row", "repeat_vector", {{"count", 1}}, {b.dense("of_all", 8, 4, b.node("flat", "flatten", Json::object(), {groups}))});
    const auto scaled = b.node("scaled", "multiply", Json::object(), {squares, row});
    const auto least = b.node("least", "minimum", Json::object(), {scaled, spread});
    const auto most = b.node("most", "maximum", Json::object(), {least, row});
    const auto apart = b.node("apart", "subtract", Json::object(), {row, most});
    const auto mean = b.node("mean_of_three", "average", Json::object(), {apart, groups, row});
    const auto likeness = b.node("likeness", "dot", Json::object(), {mean, scaled});
    const auto mish = b.node("mish", "activation", {{"function", "mish"}}, {b.node("flat2", "flatten", Json::object(), {likeness})});
    b.output(b.activation("log", "log_softmax", b.dense("last", 4, 3, mish)));
    return b.model;
}

/// Piecewise linear, with kinks of several kinds.
inline model::Model kinked() {
    ModelBuilder b;
    const auto x = b.input("x", {5});
    auto h = b.node("leaky", "activation", Json::parse(R"({"function":"leaky_relu","negative_slope":0.3})"), {b.dense("first", 5, 4, x)});
    h = b.node("general", "activation", Json::parse(R"({"function":"general_relu","threshold":-0.25,"max_value":0.75,"negative_slope":0.125})"), {b.dense("second", 4, 4, h)});
    const auto alpha = b.node("prelu", "prelu", Json::object(), {b.dense("third", 4, 4, h)}, {b.parameter("alpha", {4})});
    const auto hard = b.node("hard", "activation", Json::parse(R"({"function":"hard_sigmoid","slope":0.2})"), {b.dense("fourth", 4, 4, h)});
    b.output(b.dense("last", 4, 3, b.node("most", "maximum", Json::object(), {alpha, hard})));
    return b.model;
}

/// Gates: an LSTM that reads backwards over masked steps beside a GRU over all, a layer on every step of both.
inline model::Model gates() {
    ModelBuilder b;
    const auto x = b.input("x", {3, 2});
    const auto seen = b.node("masking", "masking", {{"mask_value", 0.25}}, {x});
    const auto turned = b.node("lstm", "lstm", Json::parse(R"({"units":2,"return_sequences":true,"go_backwards":true,"in_order":true,"zero_masked":true})"), {seen},
                               {b.parameter("lstm/kernel", {2, 8}), b.parameter("lstm/recurrent", {2, 8}), b.parameter("lstm/bias", {8})});
    const auto straight = b.node("gru", "gru", Json::parse(R"({"units":1,"return_sequences":true})"), {seen},
                                 {b.parameter("gru/kernel", {2, 3}), b.parameter("gru/recurrent", {1, 3}), b.parameter("gru/bias", {2, 3})});
    const auto both = b.node("both", "concatenate", {{"axis", 2}}, {turned, straight});
    const auto steps = b.node("steps", "time_distributed", Json::parse(R"({"kind":"dense","attributes":{"units":2}})"), {both},
                              {b.parameter("steps/kernel", {3, 2}), b.parameter("steps/bias", {2})});
    const auto last = b.node("last", "gru", Json::parse(R"({"units":2,"reset_after":false})"), {steps},
                             {b.parameter("last/kernel", {2, 6}), b.parameter("last/recurrent", {2, 6}), b.parameter("last/bias", {6})});
    b.output(b.dense("dense", 2, 1, last));
    return b.model;
}

/// Words that attend to one another, some of them masked, and to a second input that is not: two heads, then a sum of pairs.
inline model::Model attending() {
    ModelBuilder b;
    const auto words = b.input("words", {4}, "int32");
    const auto other = b.input("other", {3, 4});
    const auto x = b.node("embedding", "embedding", Json::parse(R"({"input_dim":4,"output_dim":4,"mask_zero":true})"), {words}, {b.parameter("embedding/table", {4, 4})});
    const auto query = b.dense("query", 4, 4, x), key = b.dense("key", 4, 4, x), value = b.dense("value", 4, 4, x);
    const auto self = b.node("self", "attention", Json::parse(R"({"heads":2,"factor":0.7,"causal":true})"), {query, value, key});
    const auto mixed = b.node("mixed", "additive_attention", Json::parse(R"({"masked":"output"})"), {self, other}, {b.parameter("mixed/scale", {4})});
    const auto scaled = b.node("scaled", "attention", Json::parse(R"({"use_scale":true,"masked":"output"})"), {mixed, mixed}, {b.parameter("scaled/scale", {})});
    b.output(b.dense("dense", 16, 2, b.node("flat", "flatten", Json::object(), {scaled})));
    return b.model;
}

/// Windows over images: depthwise and pointwise, the transpose of a convolution, enlarging, cutting, every kind of mean.
inline model::Model windows() {
    ModelBuilder b;
    auto x = b.input("x", {4, 5, 2});
    x = b.node("depthwise", "depthwise_conv2d", Json::parse(R"({"kernel_size":[3,3],"depth_multiplier":2,"padding":"same"})"), {x},
               {b.parameter("depthwise/kernel", {3, 3, 2, 2}), b.parameter("depthwise/bias", {4})});
    x = b.node("pointwise", "conv2d", Json::parse(R"({"filters":3,"kernel_size":[1,1],"use_bias":false})"), {x}, {b.parameter("pointwise/kernel", {1, 1, 4, 3})});
    x = b.activation("tanh", "tanh", x);
    x = b.node("spread", "conv2d_transpose", Json::parse(R"({"filters":2,"kernel_size":[3,3],"strides":[2,2],"padding":"same"})"), {x},
               {b.parameter("spread/kernel", {3, 3, 2, 3}), b.parameter("spread/bias", {2})});
    x = b.node("cut", "cropping_2d", Json::parse(R"({"cropping":[[1,1],[0,2]]})"), {x});
    const auto mean = b.node("mean", "average_pooling_2d", Json::parse(R"({"pool_size":[2,2],"padding":[[1,1],[1,1]],"count_padding":true})"), {x});
    x = b.activation("softplus", "softplus", mean);
    x = b.node("smooth", "up_sampling_2d", Json::parse(R"({"size":[1,2],"interpolation":"bilinear"})"), {x});
    x = b.node("even", "adaptive_average_pooling_2d", Json::parse(R"({"output_size":[3,2]})"), {x});
    x = b.node("tall", "up_sampling_2d", Json::parse(R"({"size":[2,1]})"), {x});
    x = b.dense("dense", 24, 2, b.node("flatten", "flatten", Json::object(), {x}));
    const auto most = b.node("most", "global_max_pooling_2d", Json::object(), {mean});
    b.output(b.node("both", "multiply", Json::object(), {x, most}));
    return b.model;
}

/// Windows over time, and the mean of an embedding under its mask.
inline model::Model sequences() {
    ModelBuilder b;
    const auto words = b.input("words", {6}, "int32");
    const auto embedded = b.node("embedding", "embedding", Json::parse(R"({"input_dim":4,"output_dim":3,"mask_zero":true})"), {words}, {b.parameter("embedding/table", {4, 3})});
    const auto masked = b.node("masked_mean", "global_average_pooling_1d", Json::object(), {embedded});
    auto x = b.node("conv", "conv1d", Json::parse(R"({"filters":4,"kernel_size":[2],"padding":"causal"})"), {embedded}, {b.parameter("conv/kernel", {2, 3, 4}), b.parameter("conv/bias", {4})});
    x = b.activation("tanh", "tanh", x);
    x = b.node("max", "max_pooling_1d", Json::parse(R"({"pool_size":[2]})"), {x});
    x = b.node("spread", "conv1d_transpose", Json::parse(R"({"filters":2,"kernel_size":[3],"strides":[2]})"), {x}, {b.parameter("spread/kernel", {3, 2, 4}), b.parameter("spread/bias", {2})});
    x = b.node("pad", "zero_padding_1d", Json::parse(R"({"padding":[[1,2]]})"), {x});
    x = b.node("cut", "cropping_1d", Json::parse(R"({"cropping":[[2,1]]})"), {x});
    x = b.node("repeat", "up_sampling_1d", Json::parse(R"({"size":[2]})"), {x});
    x = b.node("depthwise", "depthwise_conv1d", Json::parse(R"({"kernel_size":[3]})"), {x}, {b.parameter("depthwise/kernel", {3, 2, 1}), b.parameter("depthwise/bias", {2})});
    x = b.activation("sigmoid", "sigmoid", b.node("mean", "average_pooling_1d", Json::parse(R"({"pool_size":[3],"strides":[2],"padding":"same"})"), {x}));
    x = b.node("most", "global_max_pooling_1d", Json::object(), {x});
    b.output(b.dense("dense", 5, 2, b.node("both", "concatenate", {{"axis", 1}}, {x, masked})));
    return b.model;
}

/// Words with a learned embedding of their positions, behind a learned first one.
inline model::Model positions() {
    ModelBuilder b;
    const auto words = b.input("words", {3}, "int32");
    const auto x = b.node("embedding", "embedding", Json::parse(R"({"input_dim":4,"output_dim":2})"), {words}, {b.parameter("embedding/table", {4, 2})});
    const auto token = b.node("token", "learned_array", Json::parse(R"({"shape":[1,2]})"), {x}, {b.parameter("token/array", {1, 2})});
    const auto both = b.node("both", "concatenate", {{"axis", 1}}, {token, x});
    const auto place = b.node("place", "learned_array", Json::parse(R"({"shape":[4,2]})"), {both}, {b.parameter("place/array", {4, 2})});
    const auto sum = b.activation("tanh", "tanh", b.node("sum", "add", Json::object(), {both, place}));
    b.output(b.dense("dense", 8, 2, b.node("flat", "flatten", Json::object(), {sum})));
    return b.model;
}

inline constexpr NetworkCase network_cases[] = {
    {"images", images}, {"rectified", rectified}, {"residual", residual}, {"text", text},
    {"shared", shared}, {"two_by_two", two_by_two}, {"shapes", shapes},
    {"merged", merged}, {"kinked", kinked},
    {"gates", gates}, {"attending", attending},
    {"windows", windows}, {"sequences", sequences}, {"positions", positions},
};

}  // namespace assay::test
