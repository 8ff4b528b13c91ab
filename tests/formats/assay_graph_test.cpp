// Assay's own layout: what a good file gives, and what each kind of bad file is told.

#include "formats/hdf5.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

#include <functional>
#include <limits>

namespace assay::formats {
namespace {

namespace fs = std::filesystem;
using test::H5Writer;
using test::Scratch;

Json parameter(const std::string& name, const std::string& role, const Shape& shape) {
    return {{"name", name}, {"layer", name.substr(0, name.find('/'))}, {"class", "Linear"}, {"role", role}, {"shape", shape}, {"trainable", role != "moving_mean"},
            {"source", "of.the.framework"}};
}

Json stated(const std::string& name, const std::string& kind, const Json& inputs, const Json& attributes, const Json& parameters = Json::array()) {
    return {{"name", name}, {"kind", kind}, {"layer", name}, {"class", "Class"}, {"inputs", inputs}, {"attributes", attributes}, {"parameters", parameters}};
}

Json document() {
    return {{"version", 1},
            {"nodes", {stated("x", "input", Json::array(), {{"shape", {3}}, {"dtype", "float32"}}),
                       stated("fc", "dense", {"x"}, {{"units", 2}, {"use_bias", true}}, {"fc/kernel", "fc/bias"}),
                       stated("relu", "activation", {"fc"}, {{"function", "relu"}})}},
            {"inputs", {"x"}},
            {"outputs", {"relu"}},
            {"parameters", {parameter("fc/kernel", "kernel", {3, 2}), parameter("fc/bias", "bias", {2})}},
            {"preprocessing", {{"scale", 0.5}, {"mean", {1.5}}, {"deviation", {2.0}}}},
            {"training", {{"loss", "cross_entropy"}, {"from_logits", true}, {"framework", "torch"}, {"framework_version", "2.9.1"}, {"epochs", 3},
                          {"optimizer", {{"class_name", "SGD"}, {"config", {{"learning_rate", 0.1}, {"momentum", 0.9}}}}},
                          {"regularisers", {{{"parameter", "fc/kernel"}, {"l2", 0.25}}}}}}};
}

void write_text(const fs::path& path, const std::string& text, const std::string& layout = "assay-graph", double first = 1, hid_t stored = H5T_IEEE_F32LE) {
    H5Writer file(path);
    file.text("/", "assay_format", layout);
    file.array("graph", {static_cast<std::int64_t>(text.size())}, std::vector<double>(text.begin(), text.end()), H5T_STD_U8LE);
    file.array("parameters/fc/kernel", {3, 2}, {first, 2, 3, 4, 5, 6}, stored);
    file.array("parameters/fc/bias", {2}, {7, 8}, stored);
}

void write(const fs::path& path, const Json& json, double first = 1) { write_text(path, json.dump(), "assay-graph", first); }

TEST(AssayGraph, GivesGraphWeightsAndFacts) {
    const Scratch scratch;
    write(scratch / "m.h5", document());
    ASSERT_NE(sniff(scratch / "m.h5"), nullptr);
    EXPECT_EQ(sniff(scratch / "m.h5")->name, "assay-graph");
    const model::Model model = load_model(scratch / "m.h5");
    EXPECT_EQ(model.format, "assay-graph");
    EXPECT_EQ(kinds(model), "input dense activation");
    EXPECT_EQ(node(model, "fc").attributes.at("units"), 2);
    EXPECT_EQ(node(model, "fc").parameters, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(model.architecture->inputs, (std::vector<std::size_t>{0}));
    EXPECT_EQ(model.architecture->outputs, (std::vector<std::size_t>{2}));
    EXPECT_EQ(model.architecture->inputs_of(2), (std::vector<std::size_t>{1}));
    ASSERT_EQ(model.parameters.size(), 2u);
    EXPECT_EQ(model.parameters[0].role, model::Role::kernel);
    EXPECT_EQ(model.parameters[0].layer, "fc");
    EXPECT_TRUE(model.parameters[0].trainable);
    EXPECT_EQ(model.weights[0].to_double(), (std::vector<double>{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(model.facts.loss, "cross_entropy");
    EXPECT_EQ(model.facts.from_logits, true);
    EXPECT_EQ(model.facts.optimizer, "SGD");
    EXPECT_EQ(model.facts.learning_rate, 0.1);
    EXPECT_EQ(model.facts.backend, "torch");
    EXPECT_EQ(model.facts.framework_version, "2.9.1");
    EXPECT_EQ(model.facts.raw.at("epochs"), 3);
    ASSERT_EQ(model.facts.regularisers.size(), 1u);
    EXPECT_EQ(model.facts.regularisers[0].parameter, 0u);
    EXPECT_EQ(model.facts.regularisers[0].l2, 0.25);
    EXPECT_EQ(model.preprocessing.at("scale"), 0.5);
    EXPECT_TRUE(model.notes.empty());
}

TEST(AssayGraph, NeedsNeitherFactsNorPreprocessing) {
    const Scratch scratch;
    Json json = document();
    json.erase("training");
    json["preprocessing"] = nullptr;
    write(scratch / "m.h5", json);
    const model::Model model = load_model(scratch / "m.h5");
    EXPECT_TRUE(model.facts.loss.empty());
    EXPECT_TRUE(model.preprocessing.is_null());
}

TEST(AssayGraph, KeepsDoublePrecisionAndNotesWhatIsNotFinite) {
    const Scratch scratch;
    write_text(scratch / "m.h5", document().dump(), "assay-graph", 1.0 / 3, H5T_IEEE_F64LE);
    EXPECT_EQ(load_model(scratch / "m.h5").weights[0].at(0), 1.0 / 3);
    write(scratch / "n.h5", document(), std::numeric_limits<double>::quiet_NaN());
    EXPECT_TRUE(has_note(load_model(scratch / "n.h5"), "1 weights are NaN or infinite, the first in fc/kernel"));
}

TEST(AssayGraph, MakesUnknownKindsUnsupported) {
    const Scratch scratch;
    Json json = document();
    json["nodes"][2]["kind"] = "hyper_layer";
    write(scratch / "m.h5", json);
    const model::Model model = load_model(scratch / "m.h5");
    EXPECT_EQ(node(model, "relu").kind, "unsupported");
    EXPECT_EQ(node(model, "relu").layer_class, "Class(hyper_layer)");
    EXPECT_TRUE(has_note(model, "hyper_layer"));
    EXPECT_EQ(model.weights.size(), 2u);
}

TEST(AssayGraph, InitialWeightsAreFoundByName) {
    const Scratch scratch;
    write(scratch / "m.h5", document());
    Json other = document();
    other["parameters"] = {other["parameters"][1], other["parameters"][0]};   // another order
    write(scratch / "init.h5", other, 100);
    const model::Model model = load_model(scratch / "m.h5");
    const model::Weights initial = load_weights_for(model, scratch / "init.h5");
    ASSERT_EQ(initial.size(), 2u);
    EXPECT_EQ(initial[0].at(0), 100.0);
    EXPECT_EQ(initial[1].at(0), 7.0);

    Json renamed = document();
    renamed["parameters"][1]["name"] = "fc/shift";
    renamed["nodes"][1]["parameters"][1] = "fc/shift";
    {
        H5Writer file(scratch / "third.h5");
        const std::string text = renamed.dump();
        file.text("/", "assay_format", "assay-graph");
        file.array("graph", {static_cast<std::int64_t>(text.size())}, std::vector<double>(text.begin(), text.end()), H5T_STD_U8LE);
        file.array("parameters/fc/kernel", {3, 2}, {1, 2, 3, 4, 5, 6});
        file.array("parameters/fc/shift", {2}, {7, 8});
    }
    EXPECT_ERROR(load_weights_for(model, scratch / "third.h5"), ErrorKind::format, "the parameter fc/bias, found none");
}

TEST(AssayGraph, IsRefusedWhereSomethingIsWrong) {
    struct Case { const char* words; ErrorKind kind; std::function<void(Json&)> spoil; };
    const std::vector<Case> cases{
        {"version 1 of the layout", ErrorKind::unsupported, [](Json& j) { j["version"] = 2; }},
        {"graph version", ErrorKind::format, [](Json& j) { j["version"] = "1"; }},
        {"graph nodes: expected a list", ErrorKind::format, [](Json& j) { j["nodes"] = 3; }},
        {"\"nodes\"", ErrorKind::format, [](Json& j) { j.erase("nodes"); }},
        {"node 0: expected an object", ErrorKind::format, [](Json& j) { j["nodes"][0] = 1; }},
        {"node 1 name", ErrorKind::format, [](Json& j) { j["nodes"][1]["name"] = ""; }},
        {"node 1 name", ErrorKind::format, [](Json& j) { j["nodes"][1]["name"] = std::string(1001, 'a'); }},
        {"nodes of different names", ErrorKind::format, [](Json& j) { j["nodes"][2]["name"] = "fc"; }},
        {"a node above it,", ErrorKind::format, [](Json& j) { j["nodes"][1]["inputs"] = {"relu"}; }},   // a cycle
        {"a node above it,", ErrorKind::format, [](Json& j) { j["nodes"][1]["inputs"] = {"fc"}; }},
        {"a node above it,", ErrorKind::format, [](Json& j) { j["nodes"][1]["inputs"] = {0}; }},
        {"a parameter that the file has", ErrorKind::format, [](Json& j) { j["nodes"][1]["parameters"][0] = "no/such"; }},
        {"attributes: expected an object", ErrorKind::format, [](Json& j) { j["nodes"][1]["attributes"] = Json::array(); }},
        {"without inputs of its own", ErrorKind::format, [](Json& j) { j["nodes"][2]["kind"] = "input"; }},
        {"all nodes of kind input", ErrorKind::format, [](Json& j) { j["inputs"] = {"fc"}; }},
        {"each one once", ErrorKind::format, [](Json& j) { j["inputs"] = {"x", "x"}; }},
        {"outputs: expected at least one", ErrorKind::format, [](Json& j) { j["outputs"] = Json::array(); }},
        {"a node that the file has", ErrorKind::format, [](Json& j) { j["outputs"] = {"softmax"}; }},
        {"parameters of different names", ErrorKind::format, [](Json& j) { j["parameters"][1]["name"] = "fc/kernel"; }},
        {"the data set /parameters/fc/slope, found none", ErrorKind::format, [](Json& j) { j["parameters"][1]["name"] = "fc/slope"; }},
        {"the data set /parameters/../graph", ErrorKind::format, [](Json& j) { j["parameters"][1]["name"] = "../graph"; }},
        {"expected shape [2, 3], found shape [3, 2]", ErrorKind::format, [](Json& j) { j["parameters"][0]["shape"] = {2, 3}; }},
        {"shape: expected extents", ErrorKind::format, [](Json& j) { j["parameters"][0]["shape"] = {-1}; }},
        {"shape: expected extents", ErrorKind::format, [](Json& j) { j["parameters"][0]["shape"] = Json::array({1099511627776, 1099511627776}); }},
        {"shape: expected extents", ErrorKind::format, [](Json& j) { j["parameters"][0]["shape"] = std::vector<int>(33, 1); }},
        {"role: expected kernel", ErrorKind::format, [](Json& j) { j["parameters"][0]["role"] = "wheel"; }},
        {"trainable: expected true or false", ErrorKind::format, [](Json& j) { j["parameters"][0]["trainable"] = 1; }},
        {"from_logits: expected true or false", ErrorKind::format, [](Json& j) { j["training"]["from_logits"] = "yes"; }},
        {"training: expected an object", ErrorKind::format, [](Json& j) { j["training"] = "SGD"; }},
        {"l2 of at least 0", ErrorKind::format, [](Json& j) { j["training"]["regularisers"][0]["l2"] = -1; }},
        {"regularisers: expected a parameter", ErrorKind::format, [](Json& j) { j["training"]["regularisers"][0]["parameter"] = "fc/slope"; }},
        {"expected scale, offset, mean, deviation, found std", ErrorKind::format, [](Json& j) { j["preprocessing"]["std"] = {1.0}; }},
        {"preprocessing scale: expected a number", ErrorKind::format, [](Json& j) { j["preprocessing"]["scale"] = "1/255"; }},
        {"positive numbers", ErrorKind::format, [](Json& j) { j["preprocessing"]["deviation"] = {1.0, 0.0}; }},
        {"expected an object", ErrorKind::format, [](Json& j) { j = Json::array(); }},
    };
    const Scratch scratch;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE(cases[i].words);
        Json json = document();
        cases[i].spoil(json);
        const fs::path path = scratch / (std::to_string(i) + ".h5");
        write(path, json);
        EXPECT_ERROR(load_model(path), cases[i].kind, cases[i].words);
    }
}

TEST(AssayGraph, IsRefusedWhereTheFileIsWrong) {
    const Scratch scratch;
    write_text(scratch / "text.h5", "{\"version\": 1,");
    EXPECT_ERROR(load_model(scratch / "text.h5"), ErrorKind::format, "graph");
    write_text(scratch / "other.h5", document().dump(), "assay-graph-of-another-kind");
    EXPECT_EQ(sniff(scratch / "other.h5"), nullptr);
    {
        H5Writer file(scratch / "bare.h5");
        file.text("/", "assay_format", "assay-graph");
    }
    EXPECT_ERROR(load_model(scratch / "bare.h5"), ErrorKind::format, "graph: expected a data set of bytes, found none");
    {
        H5Writer file(scratch / "floats.h5");
        file.text("/", "assay_format", "assay-graph");
        file.array("graph", {2}, {1, 2});
    }
    EXPECT_ERROR(load_model(scratch / "floats.h5"), ErrorKind::format, "one axis of uint8");
    const std::string whole = [&] {
        write(scratch / "m.h5", document());
        return test::read_file(scratch / "m.h5");
    }();
    for (const std::size_t size : {whole.size() / 4, whole.size() / 2, whole.size() - 1}) {
        test::write_file(scratch / "cut.h5", whole.substr(0, size));
        EXPECT_ERROR(load_model(scratch / "cut.h5"), ErrorKind::format, "cut short");
    }
}

}  // namespace
}  // namespace assay::formats
