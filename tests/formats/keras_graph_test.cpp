// Dialects of Keras' model descriptions, and what becomes of them.

#include "formats/keras_config.hpp"
#include "formats/keras_facts.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

namespace assay::formats {
namespace {

using test::count_up;
using test::dense_arrays;
using test::keras_functional;
using test::keras_layer;
using test::keras_node;
using test::keras_sequential;
using test::KerasFile;
using test::Scratch;

Json input_layer(const std::string& name, const Json& batch_shape) { return keras_node("InputLayer", name, {{"batch_input_shape", batch_shape}, {"dtype", "float32"}}, Json::array()); }
Json from(const std::string& name, int call = 0) { return Json::array({name, call, 0, Json::object()}); }
Json once(const Json& inputs) { return Json::array({inputs}); }

model::Model load(const KerasFile& file) {
    const Scratch scratch;
    file.write(scratch / "m.h5");
    return load_model(scratch / "m.h5");
}

TEST(KerasGraph, MaySayItsInputInFourWays) {
    KerasFile file;
    file.layers = {dense_arrays("d", 3, 2)};
    const Json dense = keras_layer("Dense", "d", {{"units", 2}});
    Json with_shape = dense, input_old = keras_layer("InputLayer", "i", {{"batch_input_shape", {nullptr, 3}}}), input_new = keras_layer("InputLayer", "i", {{"batch_shape", {nullptr, 3}}});
    with_shape["config"]["batch_input_shape"] = {nullptr, 3};
    const Json dialects = Json::array({
        {{"class_name", "Sequential"}, {"config", Json::array({with_shape})}},                                                    // Keras to 2.2.2
        {{"class_name", "Sequential"}, {"config", {{"name", "s"}, {"layers", Json::array({with_shape})}}}},                       // 2.2.3 on
        {{"class_name", "Sequential"}, {"config", {{"layers", Json::array({input_old, dense})}}}},                                // tf.keras 2.3 on
        {{"class_name", "Sequential"}, {"config", {{"layers", Json::array({input_new, dense})}}}},                                // Keras 3
        {{"class_name", "Sequential"}, {"config", {{"layers", Json::array({dense})}, {"build_input_shape", {nullptr, 3}}}}},
        {{"class_name", "Sequential"}, {"config", {{"layers", Json::array({dense})}}}},                                           // lost: the weights say it
    });
    for (const Json& config : dialects) {
        file.config = config;
        const model::Model model = load(file);
        EXPECT_EQ(kinds(model), "input dense") << config;
        EXPECT_EQ(model.architecture->graph[model.architecture->inputs.at(0)].attributes.at("shape"), Json::array({3})) << config;
        EXPECT_EQ(model.architecture->graph[model.architecture->outputs.at(0)].name, "d") << config;
    }
}

TEST(KerasGraph, ReadsInboundNodesOfKerasOneTwoAndThree) {
    KerasFile file;
    file.layers = {dense_arrays("a", 3, 2), dense_arrays("b", 2, 2)};
    const auto tensor = [](const std::string& name) { return Json{{"class_name", "__keras_tensor__"}, {"config", {{"shape", {nullptr, 2}}, {"dtype", "float32"}, {"keras_history", {name, 0, 0}}}}}; };
    const auto call = [](const Json& argument) { return Json::array({Json{{"args", Json::array({argument})}, {"kwargs", Json::object()}}}); };
    const Json ones = keras_functional({input_layer("i", {nullptr, 3}), keras_node("Dense", "a", {{"units", 2}}, Json::array({Json::array({Json::array({"i", 0, 0})})})),
                                        keras_node("Dense", "b", {{"units", 2}}, Json::array({Json::array({Json::array({"a", 0, 0})})})),
                                        keras_node("Add", "s", Json::object(), Json::array({Json::array({Json::array({"a", 0, 0}), Json::array({"b", 0, 0})})}))},
                                       Json::array({Json::array({"i", 0, 0})}), Json::array({Json::array({"s", 0, 0})}));
    const Json twos = keras_functional({input_layer("i", {nullptr, 3}), keras_node("Dense", "a", {{"units", 2}}, once(Json::array({from("i")}))),
                                        keras_node("Dense", "b", {{"units", 2}}, once(Json::array({from("a")}))), keras_node("Add", "s", Json::object(), once(Json::array({from("a"), from("b")})))},
                                       Json::array({Json::array({"i", 0, 0})}), Json::array({Json::array({"s", 0, 0})}));
    const Json threes = keras_functional({input_layer("i", {nullptr, 3}), keras_node("Dense", "a", {{"units", 2}}, call(tensor("i"))), keras_node("Dense", "b", {{"units", 2}}, call(tensor("a"))),
                                          keras_node("Add", "s", Json::object(), call(Json::array({tensor("a"), tensor("b")})))},
                                         Json::array({"i", 0, 0}), Json::array({"s", 0, 0}));   // bare triples
    for (const Json& config : {ones, twos, threes}) {
        file.config = config;
        const model::Model model = load(file);
        EXPECT_EQ(kinds(model), "input dense dense add") << config;
        EXPECT_EQ(model.architecture->inputs_of(3), (std::vector<std::size_t>{1, 2})) << config;
    }
}

TEST(KerasGraph, OrdersLayersThatAreListedBeforeTheirInputs) {
    KerasFile file;
    file.layers = {dense_arrays("b", 2, 2), dense_arrays("a", 3, 2)};
    file.config = keras_functional({keras_node("Dense", "b", {{"units", 2}}, once(Json::array({from("a")}))), keras_node("Dense", "a", {{"units", 2}}, once(Json::array({from("i")}))),
                                    input_layer("i", {nullptr, 3})}, Json::array({Json::array({"i", 0, 0})}), Json::array({Json::array({"b", 0, 0})}));
    const model::Model model = load(file);
    EXPECT_EQ(kinds(model), "input dense dense");
    EXPECT_EQ(model.parameters[0].layer, "b");   // the file's order of layers
    EXPECT_EQ(node(model, "a").parameters, (std::vector<std::size_t>{2, 3}));
}

TEST(KerasGraph, GivesASharedLayerItsParametersTwice) {
    KerasFile file;
    file.layers = {dense_arrays("d", 3, 3)};
    file.config = keras_functional({input_layer("i", {nullptr, 3}), keras_node("Dense", "d", {{"units", 3}, {"activation", "tanh"}}, Json::array({Json::array({from("i")}), Json::array({from("d", 0)})}))},
                                   Json::array({Json::array({"i", 0, 0})}), Json::array({Json::array({"d", 1, 0})}));
    const model::Model model = load(file);
    EXPECT_EQ(model.parameters.size(), 2u);
    EXPECT_EQ(kinds(model), "input dense activation dense activation");
    EXPECT_EQ(node(model, "d/dense").parameters, node(model, "d/dense#2").parameters);
    EXPECT_EQ(model.architecture->graph[model.architecture->outputs[0]].name, "d#2");
}

TEST(KerasGraph, HasSeveralInputsAndOutputsInTheModelsOrder) {
    KerasFile file;
    file.layers = {dense_arrays("o1", 5, 1), dense_arrays("o2", 5, 2)};
    file.config = keras_functional({input_layer("b", {nullptr, 2}), input_layer("a", {nullptr, 3}), keras_node("Concatenate", "c", {{"axis", -1}}, once(Json::array({from("a"), from("b")}))),
                                    keras_node("Dense", "o1", {{"units", 1}}, once(Json::array({from("c")}))), keras_node("Dense", "o2", {{"units", 2}}, once(Json::array({from("c")})))},
                                   Json::array({Json::array({"a", 0, 0}), Json::array({"b", 0, 0})}), Json::array({Json::array({"o2", 0, 0}), Json::array({"o1", 0, 0})}));
    const model::Model model = load(file);
    const auto name = [&](std::size_t v) { return model.architecture->graph[v].name; };
    EXPECT_EQ(name(model.architecture->inputs.at(0)), "a");
    EXPECT_EQ(name(model.architecture->inputs.at(1)), "b");
    EXPECT_EQ(name(model.architecture->outputs.at(0)), "o2");
    EXPECT_EQ(name(model.architecture->outputs.at(1)), "o1");
    EXPECT_EQ(node(model, "c").attributes.at("axis"), 1);
}

TEST(KerasGraph, WithACycleOrAMissingLayerSaysWhere) {
    KerasFile file;
    file.layers = {dense_arrays("a", 3, 3), dense_arrays("b", 3, 3)};
    const auto graph = [](const Json& a_from, const Json& output) {
        return keras_functional({input_layer("i", {nullptr, 3}), keras_node("Dense", "a", {{"units", 3}}, once(Json::array({a_from}))), keras_node("Dense", "b", {{"units", 3}}, once(Json::array({from("a")})))},
                                Json::array({Json::array({"i", 0, 0})}), Json::array({output}));
    };
    file.config = graph(from("b"), Json::array({"b", 0, 0}));
    EXPECT_ERROR(load(file), ErrorKind::format, "without cycles");
    file.config = graph(from("nobody"), Json::array({"b", 0, 0}));
    EXPECT_ERROR(load(file), ErrorKind::format, "nobody");
    file.config = graph(from("i", 3), Json::array({"b", 0, 0}));
    EXPECT_ERROR(load(file), ErrorKind::format, "call 3 of layer i");
    file.config = graph(from("i"), Json::array({"nobody", 0, 0}));
    EXPECT_ERROR(load(file), ErrorKind::format, "nobody");
    file.config = graph(from("i"), Json::array({"b", 0, 0}));
    file.config["config"]["layers"][2]["name"] = "a";
    EXPECT_ERROR(load(file), ErrorKind::format, "two called a");
}

TEST(KerasGraph, InlinesANestedModelWhoseTrainableWeightsComeFirst) {
    KerasFile file;
    const Json inner = keras_sequential({3}, Json::array({keras_layer("BatchNormalization", "n", {{"axis", -1}}), keras_layer("Dense", "d", {{"units", 2}})}));
    Json nested = inner;
    nested["name"] = "m";
    nested["inbound_nodes"] = once(Json::array({from("i")}));
    file.config = keras_functional({input_layer("i", {nullptr, 3}), nested, keras_node("Dense", "o", {{"units", 1}}, once(Json::array({from("m", 1)})))},   // the call is number 1
                                   Json::array({Json::array({"i", 0, 0})}), Json::array({Json::array({"o", 0, 0})}));
    file.layers = {{"m", {{"n/gamma:0", {3}, {1, 1, 1}}, {"n/beta:0", {3}, {2, 2, 2}}, {"d/kernel:0", {3, 2}, count_up({3, 2})}, {"d/bias:0", {2}, {5, 5}},
                          {"n/moving_mean:0", {3}, {3, 3, 3}}, {"n/moving_variance:0", {3}, {4, 4, 4}}}},
                   dense_arrays("o", 2, 1)};
    const model::Model model = load(file);
    EXPECT_EQ(kinds(model), "input batch_normalization dense dense");
    const auto& bn = node(model, "m/n").parameters;
    ASSERT_EQ(bn.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(model.weights[bn[i]].at(0), static_cast<double>(i + 1));
    EXPECT_EQ(model.weights[node(model, "m/d").parameters.at(0)].to_double(), count_up({3, 2}));
    EXPECT_EQ(model.architecture->inputs_of(3), (std::vector<std::size_t>{2}));
}

TEST(KerasGraph, KeepsAnUnknownLayerAndServesItsWeights) {
    KerasFile file;
    file.config = keras_sequential({3}, Json::array({keras_layer("Dense", "a", {{"units", 2}}), keras_layer("Mystery", "q", {{"depth", 3}}), keras_layer("Lambda", "l", {{"function", "code"}}),
                                                     keras_layer("Dense", "b", {{"units", 2}})}));
    file.layers = {dense_arrays("a", 3, 2), {"q", {{"q/kernel:0", {2, 2}, {1, 2, 3, 4}}, {"q/strange:0", {1}, {9}}}}, dense_arrays("b", 2, 2)};
    const model::Model model = load(file);
    EXPECT_EQ(kinds(model), "input dense unsupported unsupported dense");
    EXPECT_EQ(node(model, "q").layer_class, "Mystery");
    ASSERT_EQ(model.parameters.size(), 6u);
    EXPECT_EQ(model.parameters[2].role, model::Role::kernel);
    EXPECT_EQ(model.parameters[2].name, "q/kernel");
    EXPECT_EQ(model.parameters[3].role, model::Role::other);
    EXPECT_EQ(model.parameters[3].name, "q/strange");
    EXPECT_TRUE(has_note(model, "layer l of class Lambda"));
}

TEST(KerasGraph, DoesNotTakeASettingThatTheEngineLacksForAnother) {
    const auto class_of = [](const std::string& class_name, const Json& settings, const Json& input) {
        KerasFile file;
        file.config = keras_sequential(input, Json::array({keras_layer(class_name, "x", settings)}));
        const std::int64_t channels = input.back().get<std::int64_t>();
        if (class_name == "Dense") file.layers = {dense_arrays("x", channels, 2)};
        if (class_name == "Conv2D") file.layers = {{"x", {{"k:0", {3, 3, channels, 2}, count_up({3, 3, channels, 2})}, {"b:0", {2}, {0, 0}}}}};
        const model::Model model = load(file);
        const model::Node& last = model.architecture->graph[model.architecture->outputs.at(0)];
        return last.kind == "unsupported" ? last.layer_class : "supported " + last.kind;
    };
    EXPECT_EQ(class_of("Activation", {{"activation", "sparsemax"}}, {3}), "Activation(sparsemax)");
    EXPECT_EQ(class_of("Dense", {{"units", 2}, {"activation", "glu"}}, {3}), "Dense(glu)");
    EXPECT_EQ(class_of("Conv2D", {{"filters", 2}, {"kernel_size", 3}, {"padding", "causal"}}, {5, 5, 1}), "Conv2D(padding causal)");
    EXPECT_EQ(class_of("Conv2D", {{"filters", 2}, {"kernel_size", 3}}, {5, 5, 1}), "supported conv2d");
}

TEST(KerasGraph, RefusesAbsurdSettingsByName) {
    const auto load_conv = [](const Json& settings) {
        KerasFile file;
        Json config = {{"filters", 2}, {"kernel_size", {3, 3}}};
        config.update(settings);
        file.config = keras_sequential({5, 5, 1}, Json::array({keras_layer("Conv2D", "c", config)}));
        file.layers = {{"c", {{"k:0", {3, 3, 1, 2}, count_up({3, 3, 1, 2})}, {"b:0", {2}, {0, 0}}}}};
        return load(file);
    };
    EXPECT_ERROR(load_conv({{"strides", {0, 1}}}), ErrorKind::format, "layer c (Conv2D) strides");
    EXPECT_ERROR(load_conv({{"kernel_size", {3, -3}}}), ErrorKind::format, "kernel_size");
    EXPECT_ERROR(load_conv({{"dilation_rate", "x"}}), ErrorKind::format, "dilation_rate");
    EXPECT_ERROR(load_conv({{"filters", 1e300}}), ErrorKind::format, "filters");
    EXPECT_ERROR(load_conv({{"filters", nullptr}}), ErrorKind::format, "filters");
    EXPECT_ERROR(load_conv({{"data_format", "sideways"}}), ErrorKind::format, "data_format");
    EXPECT_ERROR(load_conv({{"groups", 3}}), ErrorKind::format, "groups");
    EXPECT_ERROR(load_conv({{"activation", 7}}), ErrorKind::format, "activation");
    EXPECT_ERROR(load_conv({{"use_bias", "yes"}}), ErrorKind::format, "use_bias");
}

TEST(KerasGraph, TranslatesTheRestOfTheLayers) {
    KerasFile file;
    file.config = keras_sequential({4, 6, 2}, Json::array({
        keras_layer("ZeroPadding2D", "pad", {{"padding", {{0, 1}, {2, 3}}}}), keras_layer("AveragePooling2D", "avg", {{"pool_size", {2, 2}}, {"padding", "same"}}),
        keras_layer("Rescaling", "scale", {{"scale", 0.5}, {"offset", -1}}), keras_layer("Permute", "perm", {{"dims", {2, 1, 3}}}), keras_layer("ELU", "elu", {{"alpha", 0.3}}),
        keras_layer("GlobalAveragePooling2D", "gap", Json::object()), keras_layer("Reshape", "re", {{"target_shape", {-1, 1}}}), keras_layer("Activation", "act", {{"activation", "gelu"}})}));
    const model::Model model = load(file);
    EXPECT_EQ(kinds(model), "input zero_padding_2d average_pooling_2d rescaling permute activation global_average_pooling_2d reshape activation");
    EXPECT_EQ(node(model, "pad").attributes.at("padding"), Json::array({Json::array({0, 1}), Json::array({2, 3})}));
    EXPECT_EQ(node(model, "avg").attributes, (Json{{"pool_size", {2, 2}}, {"strides", {2, 2}}, {"padding", "same"}}));
    EXPECT_EQ(node(model, "scale").attributes, (Json{{"scale", 0.5}, {"offset", -1.0}}));
    EXPECT_EQ(node(model, "perm").attributes.at("order"), Json::array({2, 1, 3}));
    EXPECT_EQ(node(model, "elu").attributes, (Json{{"function", "elu"}, {"alpha", 0.3}}));
    EXPECT_EQ(node(model, "gap").attributes.at("keepdims"), false);
    EXPECT_EQ(node(model, "re").attributes.at("target_shape"), Json::array({-1, 1}));
}

TEST(KerasGraph, TranslatesSequenceLayers) {
    KerasFile file;
    file.config = keras_sequential({7}, Json::array({keras_layer("Embedding", "e", {{"input_dim", 10}, {"output_dim", 4}, {"mask_zero", true}}),
        keras_layer("SimpleRNN", "r", {{"units", 3}, {"activation", "tanh"}, {"return_sequences", true}}), keras_layer("LayerNormalization", "n", {{"axis", {2}}, {"epsilon", 1e-3}})}));
    file.layers = {{"e", {{"e/embeddings:0", {10, 4}, count_up({10, 4})}}},
                   {"r", {{"r/kernel:0", {4, 3}, count_up({4, 3})}, {"r/recurrent_kernel:0", {3, 3}, count_up({3, 3})}, {"r/bias:0", {3}, {0, 0, 0}}}},
                   {"n", {{"n/gamma:0", {3}, {1, 1, 1}}, {"n/beta:0", {3}, {0, 0, 0}}}}};
    const model::Model model = load(file);
    EXPECT_EQ(kinds(model), "input embedding simple_rnn layer_normalization");
    EXPECT_EQ(model.architecture->graph[0].attributes.at("dtype"), "int32");
    EXPECT_EQ(node(model, "r").attributes, (Json{{"units", 3}, {"activation", "tanh"}, {"return_sequences", true}, {"go_backwards", false}, {"use_bias", true}}));
    EXPECT_EQ(model.parameters[2].role, model::Role::recurrent_kernel);
    EXPECT_EQ(node(model, "n").attributes.at("axis"), -1);
}

TEST(KerasGraph, ReadsIntegersWhereOnlyEmbeddingsReadAnInput) {
    KerasFile file;
    const Json embedding = {{"input_dim", 10}, {"output_dim", 4}};
    file.layers = {{"e", {{"e/embeddings:0", {10, 4}, count_up({10, 4})}}}};
    const auto dtype = [&](const Json& others) {
        Json layers = Json::array({input_layer("i", {nullptr, 7}), keras_node("Embedding", "e", embedding, once(Json::array({from("i")})))});   // declared float32
        for (const Json& layer : others) layers.push_back(layer);
        file.config = keras_functional(layers, Json::array({Json::array({"i", 0, 0})}), Json::array({Json::array({"e", 0, 0})}));
        return load(file).architecture->graph[0].attributes.at("dtype");
    };
    EXPECT_EQ(dtype(Json::array()), "int32");
    EXPECT_EQ(dtype(Json::array({keras_node("Activation", "a", {{"activation", "relu"}}, once(Json::array({from("i")})))})), "float32");
}

TEST(KerasGraph, WithAnUnknownLayerInsideANestedModelKeepsAllItsWeights) {
    KerasFile file;
    Json nested = keras_sequential({3}, Json::array({keras_layer("Dense", "d", {{"units", 2}}), keras_layer("Mystery", "q", Json::object())}));
    nested["name"] = "m";
    nested["inbound_nodes"] = once(Json::array({from("i")}));
    file.config = keras_functional({input_layer("i", {nullptr, 3}), nested, keras_node("Dense", "o", {{"units", 1}}, once(Json::array({from("m", 1)})))},
                                   Json::array({Json::array({"i", 0, 0})}), Json::array({Json::array({"o", 0, 0})}));
    file.layers = {{"m", {{"d/kernel:0", {3, 2}, count_up({3, 2})}, {"d/bias:0", {2}, {5, 5}}, {"q/kernel:0", {2}, {3, 3}}}}, dense_arrays("o", 2, 1)};
    const model::Model model = load(file);
    EXPECT_EQ(kinds(model), "input unsupported unsupported dense");
    ASSERT_EQ(model.parameters.size(), 5u);
    EXPECT_EQ(model.parameters[0].name, "m/d/kernel");
    EXPECT_EQ(model.parameters[2].name, "m/q/kernel");
    EXPECT_EQ(node(model, "o").parameters, (std::vector<std::size_t>{3, 4}));
}

TEST(KerasGraph, DoesNotDoubleItsCallsWithoutEnd) {
    Json model = keras_sequential({2}, Json::array({keras_layer("Activation", "a", {{"activation", "relu"}})}));
    for (int level = 0; level < 20; ++level) {   // each level calls the one inside twice: 2^20 calls
        Json inner = model;
        inner["name"] = "m";
        inner["inbound_nodes"] = Json::array({Json::array({from("i")}), Json::array({from("m", 0)})});
        model = keras_functional({input_layer("i", {nullptr, 2}), inner}, Json::array({Json::array({"i", 0, 0})}), Json::array({Json::array({"m", 1, 0})}));
    }
    EXPECT_ERROR(keras::read_model_config(model, keras::Dialect{}, "test"), ErrorKind::resource, "calls of a layer");
}

TEST(KerasGraph, ReadsAModelAtTheFrontOfAModelOnce) {
    Json model = {{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", Json::array({keras_layer("Dense", "d", {{"units", 2}, {"batch_input_shape", {nullptr, 3}}})})}}}};
    for (int level = 0; level < 40; ++level)   // read twice at each level these were 2^40 readings
        model = {{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", Json::array({model})}}}};
    const keras::Graph graph = keras::read_model_config(model, keras::Dialect{}, "test");
    ASSERT_EQ(graph.layers.size(), 2u);
    EXPECT_TRUE(graph.layers[1].name.ends_with("m/m/d"));
    EXPECT_EQ(graph.outputs, (std::vector<keras::TensorReference>{{graph.layers[1].name, 0, 0}}));
}

TEST(KerasGraph, BoundsWhatNestedModelsBlowUpTo) {
    // A thousand layers called 90,000 times: no layer has too many calls, together they would take gigabytes.
    Json layers = Json::array(), calls = Json::array();
    for (int i = 0; i < 1000; ++i) layers.push_back(keras_layer("Activation", "a" + std::to_string(i), {{"activation", "relu"}}));
    for (int i = 0; i < 90'000; ++i) calls.push_back(Json::array({from("i")}));
    Json inner = keras_sequential({2}, layers);
    inner["name"] = "m";
    inner["inbound_nodes"] = calls;
    const Json model = keras_functional({input_layer("i", {nullptr, 2}), inner}, Json::array({Json::array({"i", 0, 0})}), Json::array({Json::array({"m", 1, 0})}));
    EXPECT_ERROR(keras::read_model_config(model, keras::Dialect{}, "test"), ErrorKind::resource, "2,000,000 inputs of layers");
    const Json named = keras_sequential({2}, Json::array({keras_layer("Activation", std::string(1001, 'n'), {{"activation", "relu"}})}));
    EXPECT_ERROR(keras::read_model_config(named, keras::Dialect{}, "test"), ErrorKind::format, "1,000 bytes");
}

TEST(SnakeCase, IsKeras) {
    for (const auto& [name, expected] : std::vector<std::pair<std::string, std::string>>{
             {"Dense", "dense"}, {"Conv2D", "conv2d"}, {"MaxPooling2D", "max_pooling2d"}, {"BatchNormalization", "batch_normalization"}, {"SimpleRNN", "simple_rnn"},
             {"Conv2DTranspose", "conv2d_transpose"}, {"LSTM", "lstm"}, {"ReLU", "re_lu"}, {"PReLU", "p_re_lu"}, {"LeakyReLU", "leaky_re_lu"}, {"GlobalAveragePooling2D", "global_average_pooling2d"}})
        EXPECT_EQ(keras::snake_case(name), expected);
}

model::TrainingFacts facts_of(const Json& config) {
    model::TrainingFacts facts;
    keras::read_training_config(config, facts);
    return facts;
}

TEST(TrainingFacts, AreReadInTheirManyForms) {
    EXPECT_EQ(facts_of({{"loss", "sparse_categorical_crossentropy"}}).loss, "cross_entropy");
    EXPECT_EQ(facts_of({{"loss", "mse"}}).loss, "mean_squared_error");
    EXPECT_EQ(facts_of({{"loss", "binary_crossentropy"}}).loss, "binary_cross_entropy");
    EXPECT_EQ(facts_of({{"loss", "cosine_proximity"}}).loss, "cosine_proximity");
    const auto logits = facts_of({{"loss", {{"class_name", "SparseCategoricalCrossentropy"}, {"config", {{"from_logits", true}}}}}});
    EXPECT_EQ(logits.loss, "cross_entropy");
    EXPECT_EQ(logits.from_logits, true);
    EXPECT_FALSE(facts_of({{"loss", "categorical_crossentropy"}}).from_logits.has_value());
    EXPECT_EQ(facts_of({{"loss", Json::array({"mse"})}}).loss, "mean_squared_error");
    EXPECT_EQ(facts_of({{"loss", {{"a", "mse"}, {"b", "mse"}}}}).loss, "mean_squared_error");
    EXPECT_TRUE(facts_of({{"loss", nullptr}}).loss.empty());
    const auto adam = facts_of({{"optimizer_config", {{"class_name", "Custom>Adam"}, {"config", {{"learning_rate", 0.01}}}}}});
    EXPECT_EQ(adam.optimizer, "Adam");
    EXPECT_EQ(adam.learning_rate, 0.01);
    EXPECT_EQ(facts_of({{"optimizer_config", {{"class_name", "SGD"}, {"config", {{"lr", 0.1}}}}}}).learning_rate, 0.1);
}

TEST(TrainingFacts, HoldTheRegularisersOfEveryLayer) {
    KerasFile file;
    const auto regular = [](const char* name, const Json& config) { return Json{{"class_name", name}, {"config", config}}; };
    file.config = keras_sequential({3}, Json::array({keras_layer("Dense", "a", {{"units", 2}, {"kernel_regularizer", regular("L2", {{"l2", 0.25}})}, {"bias_regularizer", regular("L1", {{"l1", 0.5}})}}),
                                                     keras_layer("Dense", "b", {{"units", 2}, {"kernel_regularizer", regular("L1L2", {{"l1", 0.125}, {"l2", 0.0}})}}),
                                                     keras_layer("Dense", "c", {{"units", 2}, {"kernel_regularizer", {{"name", "WeightRegularizer"}, {"l1", 0.0}, {"l2", 2.0}}}})}));
    file.layers = {dense_arrays("a", 3, 2), dense_arrays("b", 2, 2), dense_arrays("c", 2, 2)};
    file.training_config = {{"loss", "mse"}, {"optimizer_config", {{"class_name", "SGD"}, {"config", {{"lr", 0.1}}}}}};
    const model::Model model = load(file);
    ASSERT_EQ(model.facts.regularisers.size(), 4u);
    EXPECT_EQ(model.facts.regularisers[0].parameter, 0u);
    EXPECT_EQ(model.facts.regularisers[0].l2, 0.25);
    EXPECT_EQ(model.facts.regularisers[1].parameter, 1u);
    EXPECT_EQ(model.facts.regularisers[1].l1, 0.5);
    EXPECT_EQ(model.facts.regularisers[2].l1, 0.125);
    EXPECT_EQ(model.facts.regularisers[3].l2, 2.0);
    EXPECT_EQ(model.facts.loss, "mean_squared_error");
    EXPECT_EQ(model.facts.optimizer, "SGD");
    EXPECT_EQ(model.facts.backend, "tensorflow");
    EXPECT_EQ(model.facts.framework_version, "2.4.0");
    EXPECT_EQ(model.facts.raw.at("loss"), "mse");
}

}  // namespace
}  // namespace assay::formats
