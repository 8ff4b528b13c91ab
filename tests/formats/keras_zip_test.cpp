// .keras archives, and the places of Keras 3's groups of weights.

#include "formats/keras_three.hpp"
#include "formats/zip_archive.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/formats/zip_writer.hpp"
#include "tests/support/support.hpp"

#include <map>

namespace assay::formats {
namespace {

namespace fs = std::filesystem;
using test::count_up;
using test::dense_arrays;
using test::H5Writer;
using test::keras_functional;
using test::keras_layer;
using test::keras_node;
using test::keras_sequential;
using test::KerasFile;
using test::Scratch;
using test::with_bytes;
using test::with_header;
using test::write_file;
using test::write_zip;
using test::ZipMembers;

/// A group's path below `layers` and its arrays.
struct Group { std::string place; std::vector<std::pair<Shape, std::vector<double>>> arrays; };

Group dense_group(const std::string& place, std::int64_t in, std::int64_t out, double first = 0) {
    return {place, {{{in, out}, count_up({in, out}, first)}, {{out}, count_up({out}, first + 100)}}};
}

std::string weights_bytes(const Scratch& scratch, const std::vector<Group>& groups, const std::string& container = "layers/") {
    {
        H5Writer file(scratch / "part.h5");
        file.group("/vars");
        for (const Group& group : groups)
            for (std::size_t i = 0; i < group.arrays.size(); ++i)
                file.array(container + group.place + "/vars/" + std::to_string(i), group.arrays[i].first, group.arrays[i].second);
        file.array("optimizer/vars/0", {}, {5}, H5T_STD_I64LE);
        file.array("optimizer/vars/1", {3, 4}, count_up({3, 4}));
    }
    return test::read_file(scratch / "part.h5");
}

ZipMembers keras_members(const Json& config, const std::string& weights, const std::string& version = "3.8.0") {
    return {{"metadata.json", Json{{"keras_version", version}, {"date_saved", "2025-01-01@00:00:00"}}.dump()}, {"config.json", config.dump()}, {"model.weights.h5", weights}};
}

Json two_dense() {
    Json config = keras_sequential({3}, Json::array({keras_layer("Dense", "first", {{"units", 4}, {"activation", "relu"}}), keras_layer("Dense", "second", {{"units", 2}})}));
    config["compile_config"] = {{"loss", "sparse_categorical_crossentropy"}, {"optimizer", {{"class_name", "SGD"}, {"config", {{"learning_rate", 0.5}}}}}};
    return config;
}

std::vector<Group> two_dense_groups() { return {dense_group("dense", 3, 4), dense_group("dense_1", 4, 2, 1000)}; }

TEST(KerasZip, IsReadStoredAndDeflated) {
    const Scratch scratch;
    for (const bool deflate : {false, true}) {
        write_zip(scratch / "m.keras", keras_members(two_dense(), weights_bytes(scratch, two_dense_groups())), deflate);
        const model::Model model = load_model(scratch / "m.keras");
        EXPECT_EQ(model.format, "keras-zip");
        EXPECT_EQ(kinds(model), "input dense activation dense");
        ASSERT_EQ(model.parameters.size(), 4u);
        EXPECT_EQ(model.parameters[2].name, "second/kernel");
        EXPECT_EQ(model.weights[2].to_double(), count_up({4, 2}, 1000));
        EXPECT_EQ(model.weights[3].to_double(), count_up({2}, 1100));
        EXPECT_EQ(model.facts.framework_version, "3.8.0");
        EXPECT_EQ(model.facts.loss, "cross_entropy");
        EXPECT_EQ(model.facts.optimizer, "SGD");
        EXPECT_EQ(model.facts.learning_rate, 0.5);
        const auto state = optimizer_state(scratch / "m.keras");
        ASSERT_TRUE(state);
        EXPECT_EQ(state->numbers, 12);
        EXPECT_EQ(state->steps, 5);
    }
}

// Functional model with a nested Sequential and a nested functional model that is called twice; their trainable weights do not come
// first here, as they do in the older layout.
Json nested_config() {
    const Json inner = keras_sequential({3}, Json::array({keras_layer("Dense", "a", {{"units", 3}}), keras_layer("BatchNormalization", "norm", {{"axis", -1}, {"epsilon", 0.001}}),
                                                          keras_layer("Dense", "b", {{"units", 3}})}));
    const Json twice = keras_functional(Json::array({keras_node("InputLayer", "i", {{"batch_input_shape", {nullptr, 3}}}, Json::array()),
                                                     keras_node("Dense", "z", {{"units", 3}}, {{{"i", 0, 0, Json::object()}}}),
                                                     keras_node("Dense", "c", {{"units", 3}}, {{{"z", 0, 0, Json::object()}}})}),
                                        {{"i", 0, 0}}, {{"c", 0, 0}});
    const auto nested = [](const Json& model, const std::string& name, const Json& inbound) {
        Json layer = model;
        layer["config"]["name"] = name;
        layer["name"] = name;
        layer["inbound_nodes"] = inbound;
        return layer;
    };
    return keras_functional(Json::array({keras_node("InputLayer", "x", {{"batch_input_shape", {nullptr, 3}}}, Json::array()),
                                         keras_node("Dense", "first", {{"units", 3}}, {{{"x", 0, 0, Json::object()}}}),
                                         nested(inner, "inner", {{{"first", 0, 0, Json::object()}}}),
                                         nested(twice, "twice", {{{"inner", 1, 0, Json::object()}}, {{"twice", 1, 0, Json::object()}}}),
                                         keras_node("Dense", "last", {{"units", 2}}, {{{"twice", 2, 0, Json::object()}}})}),
                            {{"x", 0, 0}}, {{"last", 0, 0}});
}

std::vector<Group> nested_groups() {
    return {dense_group("dense", 3, 3, 1), dense_group("dense_1", 3, 2, 2), dense_group("sequential/layers/dense", 3, 3, 3), dense_group("sequential/layers/dense_1", 3, 3, 4),
            {"sequential/layers/batch_normalization", {{{3}, {1, 2, 3}}, {{3}, {4, 5, 6}}, {{3}, {7, 8, 9}}, {{3}, {10, 11, 12}}}},
            dense_group("functional/layers/dense", 3, 3, 5), dense_group("functional/layers/dense_1", 3, 3, 6)};
}

KerasFile nested_file() {
    const auto inside = [](const std::string& layer, double first) { return dense_arrays(layer, 3, 3, first).arrays; };
    KerasFile file;
    file.config = nested_config();
    test::KerasLayerArrays inner{"inner", inside("a", 3)}, twice{"twice", inside("z", 5)};
    inner.arrays.insert(inner.arrays.end(), {{"norm/gamma:0", {3}, {1, 2, 3}}, {"norm/beta:0", {3}, {4, 5, 6}}});
    for (const auto& array : inside("b", 4)) inner.arrays.push_back(array);
    inner.arrays.insert(inner.arrays.end(), {{"norm/moving_mean:0", {3}, {7, 8, 9}}, {"norm/moving_variance:0", {3}, {10, 11, 12}}});
    for (const auto& array : inside("c", 6)) twice.arrays.push_back(array);
    file.layers = {dense_arrays("first", 3, 3, 1), inner, twice, dense_arrays("last", 3, 2, 2)};
    return file;
}

void expect_same_model(const model::Model& a, const model::Model& b) {
    EXPECT_EQ(kinds(a), kinds(b));
    ASSERT_EQ(a.parameters.size(), b.parameters.size());
    for (std::size_t i = 0; i < a.parameters.size(); ++i) {
        EXPECT_EQ(a.parameters[i].name, b.parameters[i].name);
        EXPECT_EQ(a.parameters[i].trainable, b.parameters[i].trainable);
        EXPECT_EQ(a.weights[i].to_double(), b.weights[i].to_double()) << a.parameters[i].name;
    }
}

TEST(KerasZip, OfNestedModelsHoldsTheWeightsThatTheOlderLayoutHolds) {
    const Scratch scratch;
    nested_file().write(scratch / "nested.h5");
    const model::Model older = load_model(scratch / "nested.h5");
    ASSERT_EQ(kinds(older), "input dense dense batch_normalization dense dense dense dense dense dense");
    ASSERT_EQ(older.parameters.size(), 16u);
    const std::string weights = weights_bytes(scratch, nested_groups());
    write_zip(scratch / "nested.keras", keras_members(nested_config(), weights));
    expect_same_model(load_model(scratch / "nested.keras"), older);

    // The weights alone, with the architecture from each file that tells one.
    write_file(scratch / "nested.weights.h5", weights);
    write_file(scratch / "nested.json", nested_config().dump());
    for (const char* architecture : {"nested.json", "nested.keras", "nested.h5"}) {
        const model::Model model = load_model(scratch / "nested.weights.h5", {.architecture = scratch / architecture});
        EXPECT_EQ(model.format, "keras-3-weights");
        expect_same_model(model, older);
    }
    KerasFile alone = nested_file();
    alone.config = nullptr;
    alone.write(scratch / "older.h5");
    expect_same_model(load_model(scratch / "older.h5", {.architecture = scratch / "nested.keras"}), older);

    // As another epoch of a known model.
    const model::Weights other = load_weights_for(older, scratch / "nested.keras");
    for (std::size_t i = 0; i < other.size(); ++i) EXPECT_EQ(other[i].to_double(), older.weights[i].to_double());
}

std::vector<std::string> names_of(const keras::StoredLayer& layer) {
    std::vector<std::string> names;
    for (const keras::StoredTensor& tensor : layer.tensors) names.push_back(tensor.name);
    return names;
}

// Links are listed by letter: backward before forward, key before query.
TEST(KerasThreePlaces, GiveCompositeLayersTheirPartsInTheOrderOfTheirWeights) {
    const Scratch scratch;
    const auto cell = [](const std::string& place, double first) {
        return Group{place, {{{2, 12}, count_up({2, 12}, first)}, {{3, 12}, count_up({3, 12}, first)}, {{12}, count_up({12}, first)}}};
    };
    const auto part = [](const std::string& place) { return Group{place, {{{4, 2, 3}, count_up({4, 2, 3})}, {{2, 3}, count_up({2, 3})}}}; };
    for (const char* private_mark : {"", "_"}) {
        const std::string attention = std::string("multi_head_attention/") + private_mark;
        write_file(scratch / "w.h5", weights_bytes(scratch, {cell("bidirectional/backward_layer/cell", 50), cell("bidirectional/forward_layer/cell", 0), cell("lstm/cell", 7),
                                                             part(attention + "key_dense"), part(attention + "output_dense"), part(attention + "query_dense"), part(attention + "value_dense"),
                                                             dense_group("time_distributed/layer", 2, 2), dense_group("transformer_block/ffn/layers/dense", 2, 2),
                                                             {"transformer_block/layernorm1", {{{2}, {1, 1}}, {{2}, {0, 0}}}}, {"dropout/seed_generator", {{{2}, {1, 2}}}}}));
        const hdf5::File file(scratch / "w.h5");
        const keras::StoredWeights stored = keras::by_place(keras::read_keras_three(file), {{"b", "bidirectional"}, {"l", "lstm"}, {"m", "multi_head_attention"},
                                                                                             {"t", "time_distributed"}, {"block", "transformer_block"}, {"d", "dropout"}});
        ASSERT_EQ(stored.layers.size(), 6u);
        using Names = std::vector<std::string>;
        EXPECT_EQ(names_of(stored.layers[0]), (Names{"forward_layer/cell/kernel", "forward_layer/cell/recurrent_kernel", "forward_layer/cell/bias",
                                                     "backward_layer/cell/kernel", "backward_layer/cell/recurrent_kernel", "backward_layer/cell/bias"}));
        EXPECT_EQ(stored.layers[0].tensors[0].tensor.at(0), 0.0);
        EXPECT_EQ(stored.layers[0].tensors[3].tensor.at(0), 50.0);
        EXPECT_EQ(names_of(stored.layers[1]), (Names{"kernel", "recurrent_kernel", "bias"}));
        const std::string mark = private_mark;
        EXPECT_EQ(names_of(stored.layers[2]), (Names{mark + "query_dense/kernel", mark + "query_dense/bias", mark + "key_dense/kernel", mark + "key_dense/bias",
                                                     mark + "value_dense/kernel", mark + "value_dense/bias", mark + "output_dense/kernel", mark + "output_dense/bias"}));
        EXPECT_EQ(names_of(stored.layers[3]), (Names{"layer/kernel", "layer/bias"}));
        EXPECT_EQ(names_of(stored.layers[4]), (Names{"ffn/layers/dense/kernel", "ffn/layers/dense/bias", "layernorm1/0", "layernorm1/1"}));
        EXPECT_TRUE(stored.layers[5].tensors.empty());   // the state of a random generator
        EXPECT_ERROR(keras::by_place(keras::read_keras_three(file), {{"l", "lstm"}}), ErrorKind::format, "do not belong");
    }
}

// ---- Composite layers: what is inside has groups of its own ----

Group group_of(const std::string& place, const std::vector<std::pair<Shape, double>>& arrays) {
    Group group{place, {}};
    for (const auto& [shape, first] : arrays) group.arrays.push_back({shape, count_up(shape, first)});
    return group;
}

/// On every step: normalisation, a frozen dense layer, a model of dense and normalisation, a recurrent layer both ways over the last two axes.
/// By letter the groups come in another order, and what is frozen comes last in the older layout.
Json stepwise_config() {
    const auto dense = [](const std::string& name, bool trainable) { return keras_layer("Dense", name, {{"units", 3}, {"trainable", trainable}}); };
    const auto gru = [](const std::string& name, bool backwards) {
        return keras_layer("GRU", name, {{"units", 2}, {"reset_after", true}, {"go_backwards", backwards}, {"trainable", backwards}});
    };
    const Json innermost = {{"class_name", "Sequential"}, {"config", {{"name", "within"}, {"layers", {dense("b", true), keras_layer("LayerNormalization", "n", {{"axis", -1}})}}}}};
    const Json inside = {{"class_name", "Sequential"}, {"config", {{"name", "inside"}, {"build_input_shape", {nullptr, 4, 3}}, {"layers", {
        keras_layer("LayerNormalization", "ln", {{"axis", -1}}), dense("a", false), innermost, dense("c", true),
        keras_layer("Bidirectional", "both", {{"layer", gru("f", false)}, {"backward_layer", gru("k", true)}})}}}}};
    return keras_sequential({2, 4, 3}, Json::array({keras_layer("TimeDistributed", "t", {{"layer", inside}})}));
}

std::vector<Group> stepwise_groups() {
    const std::string inside = "time_distributed/layer/layers/";
    return {group_of(inside + "layer_normalization", {{{3}, 10}, {{3}, 20}}), group_of(inside + "dense", {{{3, 3}, 30}, {{3}, 40}}),
            group_of(inside + "sequential/layers/dense", {{{3, 3}, 50}, {{3}, 60}}), group_of(inside + "sequential/layers/layer_normalization", {{{3}, 70}, {{3}, 80}}),
            group_of(inside + "dense_1", {{{3, 3}, 90}, {{3}, 100}}),
            group_of(inside + "bidirectional/forward_layer/cell", {{{3, 6}, 200}, {{2, 6}, 300}, {{2, 6}, 400}}),
            group_of(inside + "bidirectional/backward_layer/cell", {{{3, 6}, 500}, {{2, 6}, 600}, {{2, 6}, 700}})};
}

const std::map<std::string, double>& stepwise_first_values() {
    static const std::map<std::string, double> values{{"ln/gamma", 10}, {"ln/beta", 20}, {"a/kernel", 30}, {"a/bias", 40}, {"within/b/kernel", 50}, {"within/b/bias", 60},
        {"within/n/gamma", 70}, {"within/n/beta", 80}, {"c/kernel", 90}, {"c/bias", 100}, {"both/forward/kernel", 200}, {"both/forward/recurrent_kernel", 300},
        {"both/forward/bias", 400}, {"both/backward/kernel", 500}, {"both/backward/recurrent_kernel", 600}, {"both/backward/bias", 700}};
    return values;
}

void expect_stepwise(const model::Model& model, const model::Weights& weights) {
    ASSERT_EQ(weights.size(), stepwise_first_values().size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const std::string name = model.parameters[i].name.substr(2);   // "t/"
        ASSERT_TRUE(stepwise_first_values().contains(name)) << name;
        EXPECT_EQ(weights[i].at(0), stepwise_first_values().at(name)) << name;
        EXPECT_EQ(model.parameters[i].trainable, !name.starts_with("a/") && !name.starts_with("both/forward")) << name;
    }
}

KerasFile stepwise_file() {   // what is trainable first, then the frozen dense layer and forward way
    KerasFile file;
    file.config = stepwise_config();
    file.keras_version = "3.8.0";
    test::KerasLayerArrays layer{"t", {}};
    const auto take = [&](const std::string& name, const std::vector<Shape>& shapes, double first, double step = 10) {
        for (const Shape& shape : shapes) {
            layer.arrays.push_back({"t/" + name + std::to_string(layer.arrays.size()), shape, count_up(shape, first)});
            first += step;
        }
    };
    take("ln", {{3}, {3}}, 10);
    take("b", {{3, 3}, {3}, {3}, {3}, {3, 3}, {3}}, 50);
    take("both", {{3, 6}, {2, 6}, {2, 6}}, 500, 100);
    take("a", {{3, 3}, {3}}, 30);
    take("both", {{3, 6}, {2, 6}, {2, 6}}, 200, 100);
    file.layers = {layer};
    return file;
}

TEST(KerasComposite, LayersTakeTheArraysOfTheirPartsFromTheGroupsOfTheseParts) {
    const Scratch scratch;
    const std::string weights = weights_bytes(scratch, stepwise_groups());
    write_zip(scratch / "m.keras", keras_members(stepwise_config(), weights));
    write_file(scratch / "m.weights.h5", weights);
    stepwise_file().write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.keras"), older = load_model(scratch / "m.h5");
    EXPECT_EQ(kinds(model).find("unsupported"), std::string::npos);
    expect_stepwise(model, model.weights);
    expect_stepwise(older, older.weights);
    const model::Model with = load_model(scratch / "m.weights.h5", {.architecture = scratch / "m.keras"});
    expect_stepwise(with, with.weights);

    // As other weights of the model, in every layout.
    for (const model::Model* like : {&model, &older})
        for (const char* other : {"m.keras", "m.h5", "m.weights.h5"}) {
            if (like == &older && std::string(other) == "m.weights.h5") continue;
            expect_stepwise(*like, load_weights_for(*like, scratch / other));
        }
    EXPECT_ERROR(load_weights_for(older, scratch / "m.weights.h5"), ErrorKind::unsupported, "groups named after classes");
    KerasFile alone = stepwise_file();
    alone.config = nullptr;
    alone.write(scratch / "alone.h5");
    expect_stepwise(model, load_weights_for(model, scratch / "alone.h5"));
}

TEST(KerasComposite, LayersWhosePartsHaveOtherArraysAreRefused) {
    const Scratch scratch;
    std::vector<Group> groups = stepwise_groups();
    std::swap(groups[1].place, groups[0].place);   // as many arrays in all, and in each group, of other shapes
    write_zip(scratch / "m.keras", keras_members(stepwise_config(), weights_bytes(scratch, groups)));
    EXPECT_ERROR(load_model(scratch / "m.keras"), ErrorKind::format, "layer t");
    groups = stepwise_groups();
    groups[1].arrays.push_back(groups[0].arrays.back());
    groups[0].arrays.pop_back();   // as many arrays in all
    write_zip(scratch / "m.keras", keras_members(stepwise_config(), weights_bytes(scratch, groups)));
    EXPECT_ERROR(load_model(scratch / "m.keras"), ErrorKind::format, "group layer/layers/");
}

// Keras lists the weights that are trained before the others, of a whole layer.
TEST(KerasComposite, BidirectionalWithAFrozenWayHasItsArraysLastInOlderFiles) {
    const Scratch scratch;
    for (const bool forward_frozen : {true, false}) {
        const auto lstm = [](const std::string& name, bool backwards, bool trainable) {
            return keras_layer("LSTM", name, {{"units", 2}, {"go_backwards", backwards}, {"trainable", trainable}});
        };
        KerasFile file;
        file.config = keras_sequential({4, 2}, Json::array({keras_layer("Bidirectional", "b", {{"layer", lstm("f", false, !forward_frozen)}, {"backward_layer", lstm("k", true, forward_frozen)}})}));
        file.keras_version = "3.15.1";
        test::KerasLayerArrays layer{"b", {}};
        for (const bool forward : {!forward_frozen, forward_frozen})
            for (const Shape& shape : std::vector<Shape>{{2, 8}, {2, 8}, {8}}) {
                const double first = 100.0 * static_cast<double>(layer.arrays.size() % 3) + (forward ? 1 : 1000);
                layer.arrays.push_back({"b/w" + std::to_string(layer.arrays.size()), shape, count_up(shape, first)});
            }
        file.layers = {layer};
        file.write(scratch / "m.h5");
        const model::Model model = load_model(scratch / "m.h5");
        const model::Weights again = load_weights_for(model, scratch / "m.h5");
        ASSERT_EQ(model.parameters.size(), 6u);
        for (std::size_t i = 0; i < 6; ++i) {
            EXPECT_EQ(model.parameters[i].name.find("b/forward") == 0, i < 3);
            EXPECT_EQ(model.weights[i].at(0), 100.0 * static_cast<double>(i % 3) + (i < 3 ? 1 : 1000)) << model.parameters[i].name;
            EXPECT_EQ(model.parameters[i].trainable, (i < 3) != forward_frozen);
            EXPECT_EQ(again[i].to_double(), model.weights[i].to_double());
        }
    }
}

KerasFile attention_file(const std::vector<std::string>& order) {
    KerasFile file;
    const Json x = {{{"x", 0, 0, {{"value", {"x", 0, 0}}}}}};
    file.config = keras_functional(Json::array({keras_node("InputLayer", "x", {{"batch_input_shape", {nullptr, 4, 2}}}, Json::array()),
                                                keras_node("MultiHeadAttention", "m", {{"num_heads", 1}, {"key_dim", 2}}, x)}),
                                   {{"x", 0, 0}}, {{"m", 0, 0}});
    const std::map<std::string, double> firsts{{"query", 100}, {"key", 200}, {"value", 300}, {"attention_output", 400}};
    test::KerasLayerArrays layer{"m", {}};
    for (const std::string& path : order) {
        const std::string part = path.substr(path.rfind('/') + 1);
        const bool output = part == "attention_output";
        layer.arrays.push_back({path + "/kernel:0", output ? Shape{1, 2, 2} : Shape{2, 1, 2}, count_up({4}, firsts.at(part))});
        layer.arrays.push_back({path + "/bias:0", output ? Shape{2} : Shape{1, 2}, count_up({2}, firsts.at(part) + 50)});
    }
    file.layers = {layer};
    return file;
}

TEST(KerasComposite, AttentionWithFrozenPartsIsReadByTheNamesOfItsArrays) {
    const Scratch scratch;
    attention_file({"m/query", "m/key", "m/value", "m/attention_output"}).write(scratch / "plain.h5");
    const model::Model plain = load_model(scratch / "plain.h5");
    for (const std::vector<std::string>& order : {std::vector<std::string>{"m/key", "m/value", "m/query", "m/attention_output"}, {"m/key", "m/value", "m/attention_output", "m/query"}}) {
        KerasFile file = attention_file(order);
        file.write(scratch / "frozen.h5");
        const model::Model model = load_model(scratch / "frozen.h5");
        expect_same_model(model, plain);
        file.config = nullptr;
        file.write(scratch / "alone.h5");
        for (const char* name : {"frozen.h5", "alone.h5"}) {
            const model::Weights other = load_weights_for(plain, scratch / name);
            for (std::size_t i = 0; i < other.size(); ++i) EXPECT_EQ(other[i].to_double(), plain.weights[i].to_double()) << name << " " << plain.parameters[i].name;
        }
    }
    attention_file({"m/key", "n/key", "m/value", "m/attention_output"}).write(scratch / "twice.h5");
    EXPECT_ERROR(load_model(scratch / "twice.h5"), ErrorKind::format, "its part query");
}

// ---- Layers that several models share ----

Json history(const std::string& layer, int call) {   // an input in Keras 3
    return {{"class_name", "__keras_tensor__"}, {"config", {{"shape", {nullptr, 3}}, {"dtype", "float32"}, {"keras_history", {layer, call, 0}}}}};
}
Json three_calls(const std::vector<Json>& inputs) {
    Json calls = Json::array();
    for (const Json& input : inputs) calls.push_back({{"args", Json::array({input})}, {"kwargs", Json::object()}});
    return calls;
}

/// sh, then a model that begins with sh, then sh again. Marks of what is shared, or null.
Json sharing_config(const Json& outer_mark, const Json& inner_mark) {
    const auto shared = [](const Json& mark, const Json& calls) {
        Json layer = keras_node("Dense", "sh", {{"units", 3}}, calls);
        if (!mark.is_null()) layer["shared_object_id"] = mark;
        return layer;
    };
    Json inner = keras_functional(Json::array({keras_node("InputLayer", "i", {{"batch_shape", {nullptr, 3}}}, Json::array()), shared(inner_mark, three_calls({history("i", 0)})),
                                               keras_node("Dense", "p", {{"units", 3}}, three_calls({history("sh", 0)}))}),
                                  {{"i", 0, 0}}, {{"p", 0, 0}});
    inner["config"]["name"] = "m1";
    inner["name"] = "m1";
    inner["inbound_nodes"] = three_calls({history("sh", 0)});
    return keras_functional(Json::array({keras_node("InputLayer", "x", {{"batch_shape", {nullptr, 3}}}, Json::array()), shared(outer_mark, three_calls({history("x", 0), history("m1", 0)})), inner}),
                            {{"x", 0, 0}}, {{"sh", 1, 0}});
}

TEST(KerasSharing, ALayerOfSeveralModelsIsOneLayerThatIsCalledInEach) {
    const Scratch scratch;
    const std::string weights = weights_bytes(scratch, {dense_group("dense", 3, 3, 1), dense_group("functional/layers/dense_1", 3, 3, 2)});
    write_file(scratch / "m.weights.h5", weights);
    // Inside a model that is shared as a whole, Keras leaves out the first mark.
    for (const Json& outer_mark : {Json(7u), Json()}) {
        write_zip(scratch / "m.keras", keras_members(sharing_config(outer_mark, 7u), weights));
        for (const model::Model& model : {load_model(scratch / "m.keras"), load_model(scratch / "m.weights.h5", {.architecture = scratch / "m.keras"})}) {
            EXPECT_EQ(kinds(model), "input dense dense dense dense");
            ASSERT_EQ(model.parameters.size(), 4u);   // those of sh once
            const auto& graph = model.architecture->graph;
            std::vector<std::string> names;
            for (std::size_t vertex = model.architecture->outputs.at(0); graph[vertex].kind != "input"; vertex = model.architecture->inputs_of(vertex).at(0)) {
                names.push_back(graph[vertex].name);
                const bool of_p = graph[vertex].layer == "m1/p";
                EXPECT_EQ(model.weights[graph[vertex].parameters.at(0)].at(0), of_p ? 2 : 1);
            }
            ASSERT_EQ(names.size(), 4u);   // from the output back
            EXPECT_EQ(names[1], "m1/p");
            EXPECT_EQ(names[3], "sh");
        }
    }
}

TEST(KerasSharing, IsNotGuessed) {
    const Scratch scratch;
    const std::string weights = weights_bytes(scratch, {dense_group("dense", 3, 3, 1), dense_group("functional/layers/dense_1", 3, 3, 2)});
    for (const Json& outer_mark : {Json(7u), Json()}) {   // another mark, or none at all, as in Keras' JSON
        write_zip(scratch / "m.keras", keras_members(sharing_config(outer_mark, outer_mark.is_null() ? Json() : Json(8u)), weights));
        EXPECT_ERROR(load_model(scratch / "m.keras"), ErrorKind::format, "layer m1/sh: expected 2 weights, found none in the file, which has those of layer sh");
        EXPECT_ERROR(load_model(scratch / "m.keras"), ErrorKind::format, "stored once");
    }
    // Shared with what a wrapper holds: the arrays lie below the wrapper, or it has none.
    Json dense = keras_layer("Dense", "d", {{"units", 3}});
    dense["shared_object_id"] = 7u;
    const Json wrapped = keras_layer("TimeDistributed", "t", {{"layer", dense}});
    for (const bool wrapper_first : {true, false}) {
        write_zip(scratch / "m.keras", keras_members(keras_sequential({2, 3}, wrapper_first ? Json::array({wrapped, dense}) : Json::array({dense, wrapped})),
                                                     weights_bytes(scratch, {dense_group(wrapper_first ? "time_distributed/layer" : "dense", 3, 3)})));
        EXPECT_ERROR(load_model(scratch / "m.keras"), ErrorKind::format, "marks the layer as one that stands at several places");
    }
}

// Keras 3 numbers the calls of a functional model from 0 where they are inputs and from 1 where they are outputs of a model.
TEST(KerasCalls, OfANestedModelAreNumberedFromOneWhereTheyAreOutputs) {
    const Scratch scratch;
    Json inner = keras_functional(Json::array({keras_node("InputLayer", "i", {{"batch_shape", {nullptr, 3}}}, Json::array()), keras_node("Dense", "d", {{"units", 3}}, three_calls({history("i", 0)}))}),
                                  {{"i", 0, 0}}, {{"d", 0, 0}});
    inner["config"]["name"] = "m1";
    inner["name"] = "m1";
    inner["inbound_nodes"] = three_calls({history("x", 0), history("m1", 0)});
    const Json config = keras_functional(Json::array({keras_node("InputLayer", "x", {{"batch_shape", {nullptr, 3}}}, Json::array()), inner,
                                                      keras_node("Dense", "last", {{"units", 2}}, three_calls({history("m1", 1)}))}),
                                         {{"x", 0, 0}}, {{"last", 0, 0}, {"m1", 1, 0}, {"m1", 2, 0}});
    write_zip(scratch / "m.keras", keras_members(config, weights_bytes(scratch, {dense_group("functional/layers/dense", 3, 3), dense_group("dense", 3, 2)})));
    const model::Model model = load_model(scratch / "m.keras");
    ASSERT_EQ(model.architecture->outputs.size(), 3u);
    const auto name = [&](std::size_t vertex) { return model.architecture->graph[vertex].name; };
    EXPECT_EQ(name(model.architecture->outputs[1]), "m1/d");
    EXPECT_EQ(name(model.architecture->outputs[2]), "m1/d#2");
    EXPECT_EQ(model.architecture->inputs_of(model.architecture->outputs[0]).at(0), model.architecture->outputs[2]);
}

// ---- What is refused by name, with its weights served ----

TEST(KerasZip, ServesGroupsOfUnknownClassesAndRefusesThemInAKnownModel) {
    const Scratch scratch;
    const auto model_of = [&](const std::string& class_name, const std::string& group) {
        const Json config = keras_sequential({4, 3}, Json::array({keras_layer("Dense", "first", {{"units", 3}}), keras_layer(class_name, "x", {{"units", 2}, {"head_dim", 3}})}));
        write_zip(scratch / "m.keras", keras_members(config, weights_bytes(scratch, {dense_group("dense", 3, 3), dense_group(group, 3, 2, 50)})));
        return load_model(scratch / "m.keras");
    };
    // Keras registers it under another name than that of its class.
    const model::Model grouped = model_of("GroupQueryAttention", "grouped_query_attention/_key_dense");
    EXPECT_EQ(node(grouped, "x").layer_class, "GroupQueryAttention");
    ASSERT_EQ(grouped.parameters.size(), 4u);
    EXPECT_EQ(grouped.parameters[2].layer, "x");
    EXPECT_EQ(grouped.weights[2].at(0), 50);
    const model::Model other = model_of("Renamed", "its_own_name/part");
    EXPECT_EQ(node(other, "x").kind, "unsupported");
    ASSERT_EQ(other.parameters.size(), 4u);
    EXPECT_EQ(other.parameters[2].layer, "its_own_name");
    EXPECT_EQ(other.weights[2].at(0), 50);
    EXPECT_TRUE(has_note(other, "weights of group its_own_name belong to no layer"));
    EXPECT_ERROR(model_of("Flatten", "its_own_name/part"), ErrorKind::format, "its_own_name");
}

TEST(KerasZip, NamesQuantisedKernelsAndLowRankAdditions) {
    const Scratch scratch;
    const auto config_of = [](const Json& settings) {
        Json dense = settings;
        dense["units"] = 2;
        return keras_sequential({3}, Json::array({keras_layer("Dense", "d", dense)}));
    };
    const Json quantised = config_of({{"dtype", {{"class_name", "QuantizedDTypePolicy"}, {"config", {{"mode", "int8"}, {"source_name", "float32"}}}}}});
    const Json adapted = config_of({{"lora_rank", 1}});
    Group group = dense_group("dense", 3, 2);
    write_zip(scratch / "lora.keras", keras_members(adapted, weights_bytes(scratch, {group})));
    EXPECT_EQ(kinds(load_model(scratch / "lora.keras")), "input dense");   // the kernel is the sum already
    group.arrays.push_back({{2}, {1, 1}});
    write_zip(scratch / "m.keras", keras_members(quantised, weights_bytes(scratch, {group})));
    const auto h5 = [&](const Json& config, const test::KerasLayerArrays& layer) {
        KerasFile file;
        file.config = config;
        file.keras_version = "3.15.1";
        file.layers = {layer};
        file.write(scratch / "m.h5");
        return load_model(scratch / "m.h5");
    };
    const model::Model archive = load_model(scratch / "m.keras");
    const model::Model int8 = h5(quantised, {"d", {{"d/bias", {2}, {1, 2}}, {"d/kernel", {3, 2}, count_up({3, 2})}, {"d/kernel_scale", {2}, {1, 1}}}});
    const model::Model lora = h5(adapted, {"d", {{"d/bias", {2}, {1, 2}}, {"d/lora_kernel_a", {3, 1}, {1, 2, 3}}, {"d/lora_kernel_b", {1, 2}, {1, 2}}, {"d/kernel", {3, 2}, count_up({3, 2})}}});
    for (const model::Model* model : {&archive, &int8}) {
        EXPECT_EQ(node(*model, "d").layer_class, "Dense(quantised to int8)");
        EXPECT_EQ(model->parameters.size(), 3u);
    }
    EXPECT_EQ(node(lora, "d").layer_class, "Dense(LoRA of rank 1)");
    EXPECT_EQ(lora.parameters.size(), 4u);
}

TEST(KerasZip, OperationsAreNotTheLayersOfTheirNames) {
    const Scratch scratch;
    const auto model_of = [&](const std::string& class_name, const Json& settings, bool archive) {
        Json operation = keras_node(class_name, "o", settings, three_calls({history("x", 0)}));
        if (archive) operation["module"] = "keras.src.ops.numpy";
        const Json config = keras_functional(Json::array({keras_node("InputLayer", "x", {{"batch_shape", {nullptr, 2, 3}}}, Json::array()), operation}), {{"x", 0, 0}}, {{"o", 0, 0}});
        if (archive) {
            write_zip(scratch / "m.keras", keras_members(config, weights_bytes(scratch, {})));
            return load_model(scratch / "m.keras");
        }
        KerasFile file;
        file.config = config;
        file.keras_version = "3.15.1";
        file.write(scratch / "m.h5");
        return load_model(scratch / "m.h5");
    };
    for (const bool archive : {false, true}) {
        const model::Node reshape = node(model_of("Reshape", {{"newshape", {-1, 6}}}, archive), "o");
        EXPECT_EQ(reshape.kind, "reshape");
        EXPECT_EQ(reshape.attributes.at("target_shape"), Json::array({6}));
        EXPECT_EQ(node(model_of("Reshape", {{"newshape", {-1}}}, archive), "o").layer_class, "keras.ops.Reshape");   // of the batch
        EXPECT_EQ(node(model_of("Reshape", {{"newshape", {3, -1}}}, archive), "o").layer_class, "keras.ops.Reshape");
    }
    EXPECT_EQ(node(model_of("Flatten", Json::object(), true), "o").layer_class, "keras.ops.Flatten");
    EXPECT_EQ(node(model_of("Relu", Json::object(), true), "o").kind, "activation");
    EXPECT_EQ(node(model_of("Softmax", {{"axis", nullptr}}, true), "o").layer_class, "Softmax(over all axes)");
}

TEST(KerasZip, NotesTypesThatAreNarrowerThanFloat32) {
    const Scratch scratch;
    const auto policy = [](const char* name) { return Json{{"class_name", "DTypePolicy"}, {"config", {{"name", name}}}}; };
    const auto load = [&](const Json& first, const Json& second) {
        const Json config = keras_sequential({3}, Json::array({keras_layer("Dense", "first", {{"units", 4}, {"dtype", first}}), keras_layer("Dense", "second", {{"units", 2}, {"dtype", second}})}));
        write_zip(scratch / "m.keras", keras_members(config, weights_bytes(scratch, two_dense_groups())));
        return load_model(scratch / "m.keras");
    };
    EXPECT_TRUE(has_note(load(policy("float32"), policy("mixed_bfloat16")), "Keras computes in mixed_bfloat16 (1 of"));
    EXPECT_TRUE(has_note(load("float16", "float16"), "layers, first first); Assay computes in float32"));
    EXPECT_FALSE(has_note(load("float32", policy("float32")), "Keras computes in"));
}

TEST(KerasThreePlaces, AreThoseOfWindowsAndOfKeras213Too) {
    const Scratch scratch;
    // Windows: one group a path, with the separator in its name. Keras 2.13 counted layers with weights twice.
    struct Case { std::string container; std::vector<Group> groups; };
    const std::vector<Case> cases{{"layers\\", {dense_group("dense", 3, 4), dense_group("dense_1", 4, 2, 1000)}},
                                  {"_layer_checkpoint_dependencies/", {dense_group("dense", 3, 4), dense_group("dense_1", 4, 2, 1000)}},
                                  {"_layer_checkpoint_dependencies/", {dense_group("dense", 3, 4), dense_group("dense_2", 4, 2, 1000)}},
                                  {"_layer_checkpoint_dependencies\\", {dense_group("dense", 3, 4), dense_group("dense_2", 4, 2, 1000)}}};
    for (const Case& one : cases) {
        write_zip(scratch / "m.keras", keras_members(two_dense(), weights_bytes(scratch, one.groups, one.container), "2.13.1"));
        const model::Model model = load_model(scratch / "m.keras");
        ASSERT_EQ(model.parameters.size(), 4u) << one.container;
        EXPECT_EQ(model.weights[2].to_double(), count_up({4, 2}, 1000)) << one.container;
    }
}

TEST(KerasZip, KeepsLambdaAndUnknownLayersAndServesTheRest) {
    const Scratch scratch;
    Json config = keras_sequential({3}, Json::array({keras_layer("Dense", "first", {{"units", 3}}),
                                                     keras_layer("Lambda", "scale", {{"function", {{"class_name", "__lambda__"}, {"config", {{"code", "4wEA"}}}}}}),
                                                     {{"class_name", "TransformerBlock"}, {"module", "builtins"}, {"registered_name", "Custom>TransformerBlock"}, {"config", {{"name", "block"}}}},
                                                     keras_layer("Dense", "last", {{"units", 2}})}));
    write_zip(scratch / "m.keras", keras_members(config, weights_bytes(scratch, {dense_group("dense", 3, 3), dense_group("dense_1", 3, 2), dense_group("transformer_block/ffn", 3, 3)})));
    const model::Model model = load_model(scratch / "m.keras");
    EXPECT_EQ(kinds(model), "input dense unsupported unsupported dense");
    EXPECT_EQ(node(model, "scale").layer_class, "Lambda");
    EXPECT_TRUE(has_note(model, "layer scale of class Lambda is not supported"));
    ASSERT_EQ(model.parameters.size(), 6u);
    EXPECT_EQ(model.parameters[2].name, "block/kernel");
    EXPECT_EQ(model.parameters[2].role, model::Role::kernel);
    EXPECT_EQ(model.parameters[5].name, "last/bias");

    // A class of model of its own tells no architecture; its groups are named after its attributes.
    write_zip(scratch / "own.keras", keras_members({{"class_name", "MyModel"}, {"config", {{"name", "m"}}}}, weights_bytes(scratch, {dense_group("encoder", 3, 3), dense_group("decoder", 3, 2)}, "")));
    const model::Model own = load_model(scratch / "own.keras");
    EXPECT_FALSE(own.architecture.has_value());
    EXPECT_EQ(own.parameters.size(), 4u);
    EXPECT_EQ(own.parameters[0].name, "decoder/kernel");
    EXPECT_TRUE(has_note(own, "MyModel"));
}

TEST(KerasZip, WhoseWeightsDoNotFitNamesTheLayer) {
    const Scratch scratch;
    write_zip(scratch / "m.keras", keras_members(two_dense(), weights_bytes(scratch, {dense_group("dense", 3, 4)})));
    EXPECT_ERROR(load_model(scratch / "m.keras"), ErrorKind::format, (scratch / "m.keras").string() + " layer second: expected");
    write_zip(scratch / "m.keras", keras_members(two_dense(), weights_bytes(scratch, {dense_group("dense", 3, 4), dense_group("dense_1", 4, 3)})));
    EXPECT_ERROR(load_model(scratch / "m.keras"), ErrorKind::format, "layer second");
    write_zip(scratch / "m.keras", keras_members(two_dense(), "no HDF5 at all"));
    EXPECT_ERROR(load_model(scratch / "m.keras"), ErrorKind::format, (scratch / "m.keras").string() + ":model.weights.h5");
}

TEST(KerasZip, ThatIsForgedOrDamagedIsRefusedWithTheReason) {
    const Scratch scratch;
    const std::string weights = weights_bytes(scratch, two_dense_groups());
    write_zip(scratch / "m.keras", keras_members(two_dense(), weights));
    const std::string good = test::read_file(scratch / "m.keras");
    const auto refused = [&](const std::string& bytes, ErrorKind kind, const std::string& words) {
        write_file(scratch / "bad.keras", bytes);
        EXPECT_ERROR(load_model(scratch / "bad.keras"), kind, words);
        EXPECT_TRUE(looks_like_checkpoint(scratch / "bad.keras"));
    };
    ZipMembers members = keras_members(two_dense(), weights);
    members.push_back({"model.weights.hX", weights});
    write_zip(scratch / "twice.keras", members);
    refused(with_bytes(test::read_file(scratch / "twice.keras"), "model.weights.hX", "model.weights.h5"), ErrorKind::format, "two members of one name");
    refused(with_bytes(good, "model.weights.h5", "model.weights.hX", 1), ErrorKind::format, "inconsistent");   // the local header says another name
    refused(with_header(good, "model.weights.h5", 6, 8, 1, 2), ErrorKind::unsupported, "encrypted");
    refused(with_header(good, "config.json", 8, 10, 12, 2), ErrorKind::unsupported, "compression method 12");
    refused(with_bytes(good, "\"units\"", "\"Units\"", 1), ErrorKind::format, "CRC");
    refused(good.substr(0, good.size() / 2), ErrorKind::format, "zip");
    // A member that declares far more than it stores. Its data are never unpacked.
    write_zip(scratch / "bomb.keras", keras_members(two_dense(), std::string(1 << 20, '\0')), true);
    refused(with_header(test::read_file(scratch / "bomb.keras"), "model.weights.h5", 22, 24, 0xF0000000U, 4), ErrorKind::resource, "4026531840 bytes declared");

    write_zip(scratch / "pickled.keras", {{"metadata.json", "{}"}, {"config.json", two_dense().dump()}, {"model.weights.npz", "PK"}});
    EXPECT_EQ(sniff(scratch / "pickled.keras")->name, "keras-zip");
    EXPECT_ERROR(load_model(scratch / "pickled.keras"), ErrorKind::unsupported, "pickled");
    write_zip(scratch / "spread.keras", {{"config.json", two_dense().dump()}, {"model.weights.json", "{}"}});
    EXPECT_ERROR(load_model(scratch / "spread.keras"), ErrorKind::unsupported, "several files");
}

TEST(ZipFiles, OfOtherKindsAreNamed) {
    const Scratch scratch;
    write_zip(scratch / "a.npz", {{"weights.npy", "x"}});
    EXPECT_EQ(sniff(scratch / "a.npz"), nullptr);
    EXPECT_FALSE(looks_like_checkpoint(scratch / "a.npz"));
    EXPECT_NE(describe(scratch / "a.npz").find("numpy archive"), std::string::npos);
    write_zip(scratch / "a.tar", {{"archive/data.pkl", "x"}});
    EXPECT_TRUE(looks_like_checkpoint(scratch / "a.tar"));   // by its content, whatever its name
    EXPECT_ERROR(load_model(scratch / "a.tar"), ErrorKind::format, "PyTorch zip");
    write_zip(scratch / "a.zip", {{"readme.txt", "x"}});
    EXPECT_NE(describe(scratch / "a.zip").find("readme.txt"), std::string::npos);
    const ZipArchive archive(scratch / "a.zip");
    EXPECT_EQ(archive.names(), std::vector<std::string>{"readme.txt"});
    EXPECT_ERROR(archive.read("readme.txt", 0), ErrorKind::resource, "at most 0 bytes");
    EXPECT_ERROR(archive.read("../readme.txt", 9), ErrorKind::format, "none");
}

}  // namespace
}  // namespace assay::formats
