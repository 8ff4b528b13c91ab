// Recurrent and attention layers of Keras as networks. Expected values are those of Keras 3.15.1 on PyTorch in float64, with weight k of the
// model 0.5 sin(0.7 i + k + 0.3), rounded to float32, and inputs cos(0.9 i + 0.2), in which masked steps are zero. Keras multiplies some
// matrices in float32 there.

#include "formats/keras_cudnn.hpp"
#include "libanalysis/engine/network.hpp"
#include "libanalysis/engine/tape.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

namespace assay::formats {
namespace {

using test::keras_functional;
using test::keras_layer;
using test::keras_node;
using test::keras_sequential;
using test::KerasFile;
using test::Scratch;

using Values = std::vector<double>;

Values weight(const Shape& shape, std::size_t k) {
    Values values(static_cast<std::size_t>(element_count(shape)));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(0.5 * std::sin(0.7 * static_cast<double>(i) + static_cast<double>(k) + 0.3));
    return values;
}

Values wave(const Shape& shape) {
    Values values(static_cast<std::size_t>(element_count(shape)));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::cos(0.9 * static_cast<double>(i) + 0.2);
    return values;
}

/// Two samples of [3, 2]; the last step of the first and the first step of the second are masked.
Values masked_wave() {
    Values x = wave({2, 3, 2});
    for (const std::size_t i : {4u, 5u, 6u, 7u}) x[i] = 0;
    return x;
}

model::Model load(const KerasFile& file) {
    const Scratch scratch;
    file.write(scratch / "m.h5");
    return load_model(scratch / "m.h5");
}

/// The file of a model with one layer that has weights, of these shapes.
KerasFile file_of(const Json& config, const std::string& layer, const std::vector<Shape>& shapes, const std::string& version = "3.15.1") {
    KerasFile file;
    file.config = config;
    file.keras_version = version;
    file.layers = {{layer, {}}};
    for (std::size_t k = 0; k < shapes.size(); ++k) file.layers[0].arrays.push_back({layer + "/w" + std::to_string(k), shapes[k], weight(shapes[k], k)});
    return file;
}

Values outputs(const model::Model& model, const std::vector<Values>& inputs, std::int64_t rows = 2) {
    const engine::Network network(model, {.precision = engine::DType::float64, .logits = false, .input_shapes = {}});
    const auto backend = engine::make_cpu_backend();
    const engine::Buffer parameters = network.pack(*backend, model.weights);
    engine::Batch batch;
    batch.size = rows;
    for (const Values& values : inputs) batch.inputs.push_back(backend->from_host(values, engine::DType::float64));
    return backend->to_host(network.forward(*backend, parameters.const_view(), std::move(batch)).network_output(0));
}

constexpr double near = 5e-7;   // a few roundings to float32

const Json masking = keras_layer("Masking", "k", {{"mask_value", 0.0}});
Json recurrent(const std::string& class_name, Json config) {
    if (!config.contains("units")) config["units"] = 2;
    return keras_layer(class_name, "r", std::move(config));
}
Json alone(const Json& layer, const Json& shape = {3, 2}) { return keras_sequential(shape, Json::array({layer})); }
Json under_mask(const Json& layer) { return keras_sequential({3, 2}, Json::array({masking, layer})); }

// Keras 3's way to write the input of a call.
Json tensor(const std::string& layer) { return {{"class_name", "__keras_tensor__"}, {"config", {{"shape", {nullptr, 3, 2}}, {"dtype", "float32"}, {"keras_history", {layer, 0, 0}}}}}; }
Json called(const std::string& class_name, const std::string& name, Json config, const Json& args, const Json& kwargs = Json::object()) {
    return keras_node(class_name, name, std::move(config), Json::array({{{"args", args}, {"kwargs", kwargs}}}));
}
Json input(const std::string& name, const Json& batch_shape) { return keras_node("InputLayer", name, {{"batch_shape", batch_shape}}, Json::array()); }
Json triple(const std::string& name) { return Json::array({name, 0, 0}); }

TEST(KerasRecurrent, LayersAgreeWithKeras) {
    const Values x = wave({2, 3, 2});
    const std::vector<Shape> lstm{{2, 8}, {2, 8}, {8}}, gru{{2, 6}, {2, 6}, {2, 6}};
    const auto run = [&](const Json& config, const std::vector<Shape>& shapes, const Values& at) { return outputs(load(file_of(config, "r", shapes)), {at}); };
    EXPECT_LE(test::distance(run(alone(recurrent("LSTM", {{"return_sequences", true}, {"go_backwards", true}})), lstm, x),
                             (Values{-0.15428889716, 0.0028119155152, -0.2780676489, -0.012097399313, -0.13895227224, -0.099014806617, -0.24849233543,
                                     0.016740198901, -0.2165678934, -0.073115416733, -0.10561721304, -0.10093273508})), near);
    EXPECT_LE(test::distance(run(under_mask(recurrent("LSTM", {{"return_sequences", true}})), lstm, masked_wave()),
                             (Values{-0.063900235915, -0.1295180818, -0.27192258396, -0.066482885447, -0.27192258396, -0.066482885447, 0, 0,
                                     -0.16383879711, -0.11563969653, -0.27724098102, 0.015728349937})), near);
    EXPECT_LE(test::distance(run(alone(recurrent("GRU", {{"reset_after", true}})), gru, x), (Values{-0.33385332291, -0.18669419378, -0.33282836627, -0.29028085572})), near);
    EXPECT_LE(test::distance(run(alone(recurrent("GRU", {{"reset_after", false}, {"use_bias", false}})), {{2, 6}, {2, 6}}, x),
                             (Values{-0.065549425283, 0.066825893173, -0.11997856759, -0.087029228061})), near);
    EXPECT_LE(test::distance(run(alone(recurrent("SimpleRNN", {{"activation", "elu"}})), {{2, 2}, {2, 2}, {2}}, x),
                             (Values{0.37124145776, -0.093938755794, 0.34786739945, -0.2416436072})), near);
}

TEST(KerasRecurrent, BidirectionalAgreesWithKeras) {
    const auto wrapped = [](const std::string& class_name, Json config, const std::string& mode) {
        config["units"] = 2;
        return keras_layer("Bidirectional", "b", {{"layer", keras_layer(class_name, "inside", config)}, {"merge_mode", mode}});
    };
    const std::vector<Shape> lstm{{2, 8}, {2, 8}, {8}, {2, 8}, {2, 8}, {8}}, gru{{2, 6}, {2, 6}, {2, 6}, {2, 6}, {2, 6}, {2, 6}};
    const model::Model concat = load(file_of(under_mask(wrapped("LSTM", {{"return_sequences", true}}, "concat")), "b", lstm));
    EXPECT_EQ(kinds(concat), "input masking lstm lstm concatenate");
    EXPECT_EQ(concat.parameters[0].name, "b/forward/kernel");
    EXPECT_EQ(concat.parameters[4].name, "b/backward/recurrent_kernel");
    EXPECT_EQ(node(concat, "b/backward").attributes.at("in_order"), true);
    EXPECT_LE(test::distance(outputs(concat, {masked_wave()}),
                             (Values{-0.063900235915, -0.1295180818, 0.12298429664, 0.13904632498, -0.27192258396, -0.066482885447, 0.093009487041, 0.036928821201,
                                     0, 0, 0, 0, 0, 0, 0, 0, -0.16383879711, -0.11563969653, 0.17079371006, 0.094832255627, -0.27724098102, 0.015728349937,
                                     0.084538168199, 0.015623144011})), near);
    EXPECT_LE(test::distance(outputs(load(file_of(under_mask(wrapped("GRU", {{"reset_after", true}}, "ave")), "b", gru)), {masked_wave()}),
                             (Values{0.01957775147, 0.061477389235, 0.082168512559, 0.1485799673})), near);
    EXPECT_LE(test::distance(outputs(load(file_of(alone(wrapped("SimpleRNN", {{"return_sequences", true}}, "mul")), "b", {{2, 2}, {2, 2}, {2}, {2, 2}, {2, 2}, {2}})),
                                     {wave({2, 3, 2})}),
                             (Values{-0.4681703848, -0.35894829919, 0.051541377782, -0.10921732616, -0.1045992633, -0.020422216305, -0.47938892036, -0.35056155169,
                                     -0.22969716832, -0.047623120277, 0.010745091457, -0.17149687464})), near);
    // Keras 2.2 kept the last value where steps are masked.
    EXPECT_FALSE(node(load(file_of(under_mask(wrapped("LSTM", {{"return_sequences", true}, {"recurrent_activation", "sigmoid"}}, "sum")), "b", lstm, "2.2.4")), "b/forward")
                     .attributes.contains("zero_masked"));
}

TEST(KerasRecurrent, TimeDistributedAgreesWithKeras) {
    Json nested = {{"class_name", "Sequential"}, {"config", {{"name", "inside"}, {"layers", Json::array({
        keras_layer("InputLayer", "i", {{"batch_shape", {nullptr, 3, 2}}}), keras_layer("Dense", "d", {{"units", 2}, {"activation", "tanh"}}),
        keras_layer("Flatten", "f", Json::object()), keras_layer("Dense", "e", {{"units", 2}})})}}}};
    const model::Model of_model = load(file_of(alone(keras_layer("TimeDistributed", "t", {{"layer", nested}}), {2, 3, 2}), "t", {{2, 2}, {2}, {6, 2}, {2}}));
    EXPECT_EQ(kinds(of_model), "input dense activation time_distributed dense");
    EXPECT_EQ(of_model.parameters[2].name, "t/e/kernel");
    EXPECT_LE(test::distance(outputs(of_model, {wave({2, 2, 3, 2})}),
                             (Values{0.17735375464, -0.6064158082, -0.13356154785, -0.55775371194, -0.25335839391, -0.48645083606, -0.081969514489, -0.29018333554})), near);
    const Json both_ways = keras_layer("Bidirectional", "w", {{"layer", keras_layer("LSTM", "l", {{"units", 1}})}});
    const model::Model of_lstm = load(file_of(alone(keras_layer("TimeDistributed", "t", {{"layer", both_ways}}), {2, 3, 2}), "t", {{2, 4}, {1, 4}, {4}, {2, 4}, {1, 4}, {4}}));
    EXPECT_EQ(kinds(of_lstm), "input time_distributed time_distributed concatenate");
    EXPECT_LE(test::distance(outputs(of_lstm, {wave({2, 2, 3, 2})}),
                             (Values{-0.10068009472, -0.004056365297, -0.081431344632, 0.052214988224, -0.055559076348, 0.12322870559, -0.066615026092, 0.16426978686})), near);
    const Json conv = keras_layer("Conv2D", "c", {{"filters", 1}, {"kernel_size", {2, 2}}, {"activation", "relu"}});
    const model::Model of_conv = load(file_of(alone(keras_layer("TimeDistributed", "t", {{"layer", conv}}), {2, 3, 3, 1}), "t", {{2, 2, 1, 1}, {1}}));
    EXPECT_EQ(kinds(of_conv), "input time_distributed activation");
    EXPECT_EQ(node(of_conv, "t").kind, "activation");
    EXPECT_LE(test::distance(outputs(of_conv, {wave({1, 2, 3, 3, 1})}, 1),
                             (Values{0.068870502048, 0, 0.71989723889, 0.99202836356, 0.27556269503, 0.72763880373, 0.87229146772, 0.45539777078})), near);
}

TEST(KerasAttention, MultiHeadAttentionAgreesWithKeras) {
    const auto attention = [](double dropout) { return Json{{"num_heads", 2}, {"key_dim", 3}, {"value_dim", 1}, {"dropout", dropout}, {"output_shape", nullptr}, {"attention_axes", {1}}}; };
    const std::vector<Shape> shapes{{2, 2, 3}, {2, 3}, {2, 2, 3}, {2, 3}, {2, 2, 1}, {2, 1}, {2, 1, 2}, {2}};
    const auto to_itself = [&](double dropout) {
        const Json layers = {input("x", {nullptr, 3, 2}), called("Masking", "k", {{"mask_value", 0.0}}, Json::array({tensor("x")})),
                             called("MultiHeadAttention", "m", attention(dropout), Json::array({tensor("k"), tensor("k")}), {{"use_causal_mask", true}})};
        return load(file_of(keras_functional(layers, Json::array({triple("x")}), Json::array({triple("m")})), "m", shapes));
    };
    const model::Model causal = to_itself(0);
    EXPECT_EQ(kinds(causal), "input masking dense dense dense attention dense");
    EXPECT_EQ(causal.parameters[0].name, "m/query/kernel");
    EXPECT_EQ(causal.parameters[0].shape, (Shape{2, 6}));
    EXPECT_EQ(causal.parameters[5].shape, (Shape{2}));
    EXPECT_EQ(causal.parameters[6].name, "m/attention_output/kernel");
    EXPECT_EQ(causal.parameters[6].shape, (Shape{2, 2}));
    EXPECT_LE(test::distance(outputs(causal, {masked_wave()}),
                             (Values{0.12875591398, -0.079714902394, 0.23100138476, 0.12187763063, 0.30287257417, 0.24279237836, 0.3850329946, 0.38828943557,
                                     0.23569224256, 0.17072236509, 0.35320221889, 0.37386416989})), near);
    // Under dropout masked queries give no weights.
    EXPECT_LE(test::distance(outputs(to_itself(0.1), {masked_wave()}),
                             (Values{0.12875590316, -0.079714902437, 0.23100137798, 0.12187762602, 0.42521831393, 0.49467912316, 0.42521831393, 0.49467912316,
                                     0.23569223795, 0.17072236284, 0.35320220712, 0.37386415965})), near);
}

TEST(KerasAttention, ReadsKeywordsInAnyOrder) {
    const Json config = {{"num_heads", 1}, {"key_dim", 2}, {"use_bias", false}, {"output_shape", {4}}};
    const std::vector<Shape> shapes{{3, 1, 2}, {2, 1, 2}, {2, 1, 2}, {1, 2, 4}};
    const Values expected{-0.021921988531, -0.05321488553, -0.059479987533, -0.037770726554, -0.032620340624, -0.0023135339432, 0.029081364178, 0.046798841908,
                          -0.033069242875, 0.019578831218, 0.063018674223, 0.076819851447, -0.026420622528, 0.062180101707, 0.12153654947, 0.12373246393};
    const Json older = Json::array({Json::array({Json::array({"q", 0, 0, {{"key", {"y", 0, 0}}, {"value", {"k", 0, 0}}}})})});
    for (const Json& attention : {called("MultiHeadAttention", "m", config, Json::array({tensor("q")}), {{"key", tensor("y")}, {"value", tensor("k")}}),
                                  called("MultiHeadAttention", "m", config, Json::array({tensor("q"), tensor("k"), tensor("y")})), keras_node("MultiHeadAttention", "m", config, older)}) {
        const Json layers = {input("q", {nullptr, 2, 3}), input("v", {nullptr, 3, 2}), input("y", {nullptr, 3, 2}),
                             called("Masking", "k", {{"mask_value", 0.0}}, Json::array({tensor("v")})), attention};
        const model::Model model = load(file_of(keras_functional(layers, Json::array({triple("q"), triple("v"), triple("y")}), Json::array({triple("m")})), "m", shapes));
        EXPECT_LE(test::distance(outputs(model, {wave({2, 2, 3}), masked_wave(), wave({2, 3, 2})}), expected), near);
    }
}

TEST(KerasAttention, AttentionAndAdditiveAttentionAgreeWithKeras) {
    const Json inputs = Json::array({triple("q"), triple("v")});
    const auto of_two = [&](const Json& attention, const std::vector<Shape>& shapes) {
        const Json layers = {input("q", {nullptr, 2, 2}), input("v", {nullptr, 3, 2}), called("Masking", "k", {{"mask_value", 0.0}}, Json::array({tensor("v")})), attention};
        return load(file_of(keras_functional(layers, inputs, Json::array({triple("a")})), "a", shapes));
    };
    const Json masked = Json::array({Json::array({tensor("q"), tensor("k")})}), plain = Json::array({Json::array({tensor("q"), tensor("v")})});
    EXPECT_LE(test::distance(outputs(of_two(called("Attention", "a", {{"use_scale", true}, {"score_mode", "dot"}}, masked, {{"use_causal_mask", true}}), {{}}),
                                     {wave({2, 2, 2}), masked_wave()}),
                             (Values{0.98006659746, 0.45359611511, 0.18135851622, -0.36132442951, -0.17876544595, -0.40398168564, 0.43854731321, -0.43137684464})), near);
    EXPECT_LE(test::distance(outputs(of_two(called("AdditiveAttention", "a", {{"use_scale", true}}, plain), {{2}}), {wave({2, 2, 2}), wave({2, 3, 2})}),
                             (Values{0.052817970514, -0.044890299439, 0.049302518368, -0.090983964503, 0.27165347338, 0.1682690233, 0.21960839629, 0.060090482235})), near);
    const Json layers = {input("v", {nullptr, 3, 2}), called("Masking", "k", {{"mask_value", 0.0}}, Json::array({tensor("v")})),
                         called("Attention", "a", Json::object(), Json::array({Json::array({tensor("k"), tensor("v")})}))};
    EXPECT_LE(test::distance(outputs(load(file_of(keras_functional(layers, Json::array({triple("v")}), Json::array({triple("a")})), "a", {})), {masked_wave()}),
                             (Values{0.63987737894, 0.22429865599, -0.18985041976, -0.61812788248, 0, 0, 0, 0, -0.074105218053, -0.39802718163, -0.63518762589, -0.61573678255})), near);
}

TEST(KerasAttention, EinsumDenseIsADenseLayerWhereItCan) {
    const model::Model split = load(file_of(alone(keras_layer("EinsumDense", "e", {{"equation", "abc,cde->abde"}, {"output_shape", {nullptr, 2, 2}}, {"bias_axes", "de"}})), "e", {{2, 2, 2}, {2, 2}}));
    EXPECT_EQ(kinds(split), "input dense reshape");
    EXPECT_LE(test::distance(outputs(split, {wave({1, 3, 2})}, 1), (Values{0.63602425555, 0.7282293007, 0.47793677889, 0.0028630870007, 0.40010265525, 0.57660517261,
                                                                          0.4819212746, 0.1605822729, 0.36464805947, 0.12565057541, -0.17244234551, -0.38943293738})), near);
    const model::Model joined = load(file_of(alone(keras_layer("EinsumDense", "e", {{"equation", "abcd,cde->abe"}, {"output_shape", {nullptr, 2}}, {"bias_axes", "e"}, {"activation", "tanh"}}), {2, 3, 2}),
                                             "e", {{3, 2, 2}, {2}}));
    EXPECT_EQ(kinds(joined), "input reshape dense activation");
    EXPECT_LE(test::distance(outputs(joined, {wave({1, 2, 3, 2})}, 1), (Values{0.89765539389, 0.89511067197, 0.81804665799, 0.557490824})), near);
    EXPECT_EQ(kinds(load(file_of(alone(keras_layer("EinsumDense", "e", {{"equation", "...x,xy->...y"}, {"output_shape", 4}})), "e", {{2, 4}}))), "input dense");
    for (const char* equation : {"abc,dc->abd", "abc,cd->adb", "abc,bd->acd", "abc,acd->abd", "abc,c->ab", "aab,bc->aac"}) {
        KerasFile file = file_of(alone(keras_layer("EinsumDense", "e", {{"equation", equation}, {"output_shape", {nullptr, 2}}})), "e", {{2, 2}});
        const model::Model model = load(file);
        EXPECT_EQ(kinds(model), "input unsupported") << equation;
        EXPECT_EQ(node(model, "e").layer_class, std::string("EinsumDense(equation ") + equation + ")");
    }
}

// Keras 3 writes the masks that it passes on by itself into functional models.
TEST(KerasRecurrent, MasksThatRestateAMaskingLayerAreDropped) {
    const auto layers = [](double compared) {
        return Json{input("x", {nullptr, 3, 2}), called("NotEqual", "differs", Json::object(), Json::array({tensor("x"), compared})),
                    called("Masking", "k", {{"mask_value", 0.0}}, Json::array({tensor("x")})), called("Any", "any", {{"axis", -1}}, Json::array({tensor("differs")})),
                    called("LSTM", "r", {{"units", 2}, {"return_sequences", true}}, Json::array({tensor("k")}), {{"mask", tensor("any")}, {"training", false}})};
    };
    const auto model = [&](double compared) {
        return load(file_of(keras_functional(layers(compared), Json::array({triple("x")}), Json::array({triple("r")})), "r", {{2, 8}, {2, 8}, {8}}));
    };
    EXPECT_EQ(kinds(model(0)), "input masking lstm");
    EXPECT_LE(test::distance(outputs(model(0), {masked_wave()}),
                             (Values{-0.063900235915, -0.1295180818, -0.27192258396, -0.066482885447, -0.27192258396, -0.066482885447, 0, 0, -0.16383879711,
                                     -0.11563969653, -0.27724098102, 0.015728349937})), near);
    EXPECT_EQ(node(model(1), "r").layer_class, "LSTM(mask)");   // another mask than the layer's own
}

TEST(KerasRecurrent, RefusesWhatItDoesNotHave) {
    const auto refused = [](const Json& layer, const Json& shape = {3, 2}) {
        const model::Model model = load(file_of(alone(layer, shape), layer["config"]["name"], {{2, 2}}));
        return node(model, layer["config"]["name"]).layer_class;
    };
    EXPECT_EQ(refused(recurrent("LSTM", {{"return_state", true}})), "LSTM(return_state)");
    EXPECT_EQ(refused(recurrent("GRU", {{"stateful", true}})), "GRU(stateful)");
    EXPECT_EQ(refused(recurrent("LSTM", {{"time_major", true}})), "LSTM(time_major)");
    EXPECT_EQ(refused(recurrent("LSTM", {{"activation", "softmax"}})), "LSTM(softmax)");
    EXPECT_EQ(refused(recurrent("SimpleRNN", {{"activation", "mystery"}})), "SimpleRNN(mystery)");
    const auto wrapped = [](const std::string& wrapper, const Json& inside, Json config = Json::object()) {
        config["layer"] = inside;
        return keras_layer(wrapper, "w", config);
    };
    EXPECT_EQ(refused(wrapped("Bidirectional", recurrent("LSTM", Json::object()), {{"merge_mode", nullptr}})), "Bidirectional(merge_mode none)");
    EXPECT_EQ(refused(wrapped("Bidirectional", recurrent("LSTM", {{"go_backwards", true}}))), "Bidirectional(go_backwards)");
    EXPECT_EQ(refused(wrapped("Bidirectional", recurrent("LSTM", {{"return_state", true}}))), "Bidirectional(LSTM(return_state))");
    EXPECT_EQ(refused(wrapped("Bidirectional", keras_layer("Dense", "d", {{"units", 2}}))), "Bidirectional(Dense)");
    EXPECT_EQ(refused(wrapped("TimeDistributed", keras_layer("Mystery", "d", Json::object()))), "TimeDistributed(Mystery)");
    EXPECT_EQ(refused(wrapped("TimeDistributed", recurrent("LSTM", {{"stateful", true}})), {2, 3, 2}), "TimeDistributed(LSTM(stateful))");
    const Json settings = {{"use_gate", true}, {"sliding_window", 3}, {"attention_axes", {1, 2}}};
    for (const auto& [key, value] : settings.items())
        EXPECT_EQ(refused(keras_layer("MultiHeadAttention", "m", {{"num_heads", 1}, {"key_dim", 2}, {key, value}})), "MultiHeadAttention(" + key + ")");
    EXPECT_EQ(refused(keras_layer("Attention", "a", {{"score_mode", "concat"}})), "Attention(score_mode concat)");
    EXPECT_ERROR(refused(keras_layer("Bidirectional", "b", {{"layer", 7}})), ErrorKind::format, "layer b (Bidirectional) layer");

    const Json state = {input("x", {nullptr, 3, 2}), input("s", {nullptr, 2}),
                        keras_node("SimpleRNN", "r", {{"units", 2}}, Json::array({Json::array({Json::array({"x", 0, 0, Json::object()}), Json::array({"s", 0, 0, Json::object()})})}))};
    EXPECT_EQ(node(load(file_of(keras_functional(state, Json::array({triple("x"), triple("s")}), Json::array({triple("r")})), "r", {{2, 2}, {2, 2}, {2}})), "r").layer_class,
              "SimpleRNN(initial state)");
}

TEST(KerasRecurrent, DefaultsFollowTheProgramThatWroteTheFile) {
    const auto attributes = [](const std::string& class_name, const std::string& version, const std::vector<Shape>& shapes) {
        Json layer = recurrent(class_name, {{"activation", "tanh"}});
        if (version < "2.4") layer["config"]["recurrent_activation"] = "sigmoid";
        return node(load(file_of(alone(layer), "r", shapes, version)), "r").attributes;
    };
    EXPECT_EQ(attributes("GRU", "3.1.0", {{2, 6}, {2, 6}, {2, 6}}).at("reset_after"), true);
    EXPECT_EQ(attributes("GRU", "2.2.4", {{2, 6}, {2, 6}, {6}}).at("reset_after"), false);
    EXPECT_EQ(attributes("LSTM", "2.15.0", {{2, 8}, {2, 8}, {8}}).at("recurrent_activation"), "sigmoid");
}

// A CuDNN kernel holds, for every gate, the transposed matrix; its layers have two biases.
TEST(KerasCuDnn, ArraysBecomeThoseOfOtherLayers) {
    model::Tensor kernel{.shape = {2, 12}, .stored_type = "float32", .values = Values(24)};
    Values expected(24);
    for (std::size_t gate = 0; gate < 4; ++gate)
        for (std::size_t r = 0; r < 2; ++r)
            for (std::size_t u = 0; u < 3; ++u) {
                const std::size_t k = r * 3 + u;   // place within the block, read row by row
                std::get<Values>(kernel.values)[r * 12 + gate * 3 + u] = static_cast<double>(100 * gate + k);
                expected[(k % 2) * 12 + gate * 3 + k / 2] = static_cast<double>(100 * gate + k);
            }
    keras::convert_cudnn(kernel, model::Role::kernel, true);
    EXPECT_EQ(std::get<Values>(kernel.values), expected);
    model::Tensor square{.shape = {2, 6}, .stored_type = "float32", .values = Values{1, 2, 10, 20, 100, 200, 3, 4, 30, 40, 300, 400}};
    keras::convert_cudnn(square, model::Role::recurrent_kernel, false);
    EXPECT_EQ(std::get<Values>(square.values), (Values{1, 3, 10, 30, 100, 300, 2, 4, 20, 40, 200, 400}));
    model::Tensor added{.shape = {8}, .stored_type = "float32", .values = Values{1, 2, 3, 4, 10, 20, 30, 40}};
    keras::convert_cudnn(added, model::Role::bias, true);
    EXPECT_EQ(std::get<Values>(added.values), (Values{11, 22, 33, 44}));
    EXPECT_EQ(added.shape, (Shape{4}));
    model::Tensor rows{.shape = {6}, .stored_type = "float32", .values = Values{1, 2, 3, 4, 5, 6}};
    keras::convert_cudnn(rows, model::Role::bias, false);
    EXPECT_EQ(rows.shape, (Shape{2, 3}));
    EXPECT_ERROR(keras::convert_cudnn(rows, model::Role::kernel, true), ErrorKind::format, "4 gates side by side");

    const model::Model lstm = load(file_of(alone(recurrent("CuDNNLSTM", Json::object())), "r", {{2, 8}, {2, 8}, {16}}, "2.2.4"));
    EXPECT_EQ(node(lstm, "r").kind, "lstm");
    EXPECT_EQ(node(lstm, "r").attributes.at("recurrent_activation"), "sigmoid");
    EXPECT_EQ(lstm.parameters[2].shape, (Shape{8}));
    const model::Model gru = load(file_of(alone(recurrent("CuDNNGRU", Json::object())), "r", {{2, 6}, {2, 6}, {12}}, "2.2.4"));
    EXPECT_EQ(node(gru, "r").attributes.at("reset_after"), true);
    EXPECT_EQ(gru.parameters[2].shape, (Shape{2, 6}));
}

// Weights of another file take the same way: those of the model's own file, saved alone, are its weights.
TEST(KerasRecurrent, WeightsOfAnotherFileBecomeCanonicalToo) {
    const Json attention = called("MultiHeadAttention", "m", {{"num_heads", 2}, {"key_dim", 3}, {"value_dim", 1}}, Json::array({tensor("x"), tensor("x")}));
    const std::vector<KerasFile> files{
        file_of(alone(recurrent("CuDNNGRU", Json::object())), "r", {{2, 6}, {2, 6}, {12}}, "2.2.4"),
        file_of(keras_functional({input("x", {nullptr, 3, 2}), attention}, Json::array({triple("x")}), Json::array({triple("m")})), "m",
                {{2, 2, 3}, {2, 3}, {2, 2, 3}, {2, 3}, {2, 2, 1}, {2, 1}, {2, 1, 2}, {2}})};
    for (KerasFile file : files) {
        const model::Model model = load(file);
        file.config = nullptr;
        const Scratch scratch;
        file.write(scratch / "weights.h5");
        const model::Weights other = load_weights_for(model, scratch / "weights.h5");
        ASSERT_EQ(other.size(), model.weights.size());
        for (std::size_t i = 0; i < other.size(); ++i) {
            EXPECT_EQ(other[i].shape, model.weights[i].shape);
            EXPECT_EQ(other[i].to_double(), model.weights[i].to_double());
        }
    }
}

TEST(KerasRecurrent, CopiesOfAFileHaveItsOwnLayoutOrAreRefused) {
    const Json attention = called("MultiHeadAttention", "m", {{"num_heads", 2}, {"key_dim", 3}, {"value_dim", 1}}, Json::array({tensor("x"), tensor("x")}));
    const auto copy = [](const KerasFile& file) {   // with all values doubled
        const Scratch scratch;
        file.write(scratch / "m.h5");
        const model::Model model = load_model(scratch / "m.h5");
        model::Weights doubled = model.weights;
        for (model::Tensor& tensor : doubled)
            std::visit([](auto& values) { for (auto& value : values) value *= 2; }, tensor.values);
        save_weights(model, doubled, scratch / "copy.h5");
        const model::Model read = load_model(scratch / "copy.h5");
        for (std::size_t i = 0; i < doubled.size(); ++i) EXPECT_EQ(read.weights[i].to_double(), doubled[i].to_double());
    };
    copy(file_of(keras_functional({input("x", {nullptr, 3, 2}), attention}, Json::array({triple("x")}), Json::array({triple("m")})), "m",
                 {{2, 2, 3}, {2, 3}, {2, 2, 3}, {2, 3}, {2, 2, 1}, {2, 1}, {2, 1, 2}, {2}}));
    copy(file_of(alone(recurrent("LSTM", Json::object())), "r", {{2, 8}, {2, 8}, {8}}));
    EXPECT_ERROR(copy(file_of(alone(recurrent("CuDNNGRU", Json::object())), "r", {{2, 6}, {2, 6}, {12}}, "2.2.4")), ErrorKind::unsupported, "another layout");
}

TEST(KerasRecurrent, RegularisersOfWrappedLayersAreFound) {
    const Json l2 = {{"class_name", "L2"}, {"config", {{"l2", 0.25}}}};
    const Json inside = keras_layer("LSTM", "l", {{"units", 2}, {"recurrent_regularizer", l2}});
    const model::Model model = load(file_of(alone(keras_layer("Bidirectional", "b", {{"layer", inside}})), "b", {{2, 8}, {2, 8}, {8}, {2, 8}, {2, 8}, {8}}));
    ASSERT_EQ(model.facts.regularisers.size(), 2u);
    EXPECT_EQ(model.facts.regularisers[0].parameter, 1u);
    EXPECT_EQ(model.facts.regularisers[1].parameter, 4u);
    EXPECT_EQ(model.facts.regularisers[1].l2, 0.25);
}

}  // namespace
}  // namespace assay::formats
