#include "formats/keras_config.hpp"

#include "formats/keras_masks.hpp"
#include "formats/keras_one.hpp"
#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace assay::formats::keras {
namespace {

constexpr std::size_t most_calls = 100'000;          // of a layer
constexpr std::size_t most_references = 2'000'000;   // inputs of all calls of a model, once nested models are inlined
constexpr std::size_t longest_name = 1000;           // bytes

Error bad(const std::string& where, const std::string& expected, const std::string& found) {
    return Error(ErrorKind::format, {where, expected, found.substr(0, 200)});
}

std::string class_of(const Json& layer, const std::string& where) {
    if (!layer.is_object() || !layer.contains("class_name") || !layer["class_name"].is_string())
        throw bad(where, "a layer with a class_name", layer.dump());
    std::string name = layer["class_name"].get<std::string>();
    const std::size_t package = name.rfind('>');
    return package == std::string::npos ? name : name.substr(package + 1);
}

const Json& config_of(const Json& layer, const std::string& where) {
    if (!layer.contains("config")) throw bad(where, "a layer with a config", "none");
    return layer["config"];
}

bool is_index(const Json& json) { return json.is_number_integer() && json.get<std::int64_t>() >= 0 && json.get<std::int64_t>() < 1'000'000'000; }

// ["name", 0, 0] and, in older files, a fourth element with the call's keywords.
bool is_reference(const Json& json) {
    return json.is_array() && json.size() >= 3 && json.size() <= 4 && json[0].is_string() && is_index(json[1]) && is_index(json[2]);
}

TensorReference reference_of(const Json& json) {
    return {json[0].get<std::string>(), json[1].get<std::size_t>(), json[2].get<std::size_t>()};
}

// Every tensor reference inside, in order: one triple, a list of them, a dictionary, Keras 3's "__keras_tensor__".
void collect_references(const Json& json, std::vector<TensorReference>& into, const std::string& keyword = "") {
    const auto take = [&](const Json& reference) {
        into.push_back(reference_of(reference));
        into.back().keyword = keyword;
    };
    if (is_reference(json)) {
        take(json);
        if (json.size() == 4) collect_references(json[3], into);
    } else if (json.is_object() && json.value("class_name", Json()) == "__keras_tensor__") {
        const Json& config = json.contains("config") ? json["config"] : Json::object();
        if (config.contains("keras_history") && is_reference(config["keras_history"])) take(config["keras_history"]);
    } else if (json.is_object()) {
        for (const auto& [key, part] : json.items()) collect_references(part, into, key);
    } else if (json.is_array()) {
        for (const Json& part : json) collect_references(part, into, keyword);
    }
}

// The named arguments of every call: Keras 3's kwargs, or what follows the first input.
std::vector<Json> keywords_of(const Json& layer) {
    std::vector<Json> keywords;
    if (!layer.contains("inbound_nodes") || !layer["inbound_nodes"].is_array()) return keywords;
    const auto after = [](const Json& reference) { return is_reference(reference) && reference.size() == 4 ? reference[3] : Json(); };
    const Json& nodes = layer["inbound_nodes"];
    if (is_reference(nodes)) return {after(nodes)};
    for (const Json& node : nodes) {
        keywords.emplace_back();
        if (node.is_object()) {
            keywords.back() = node.value("kwargs", Json());
            const Json args = node.value("args", Json());
            if (keywords.back().is_object() && std::any_of(args.begin(), args.end(), [](const Json& arg) { return arg.is_number(); })) keywords.back()["args"] = args;
        }
        if (is_reference(node)) keywords.back() = after(node);
        else if (node.is_array() && !node.empty()) keywords.back() = after(node[0]);
    }
    return keywords;
}

std::vector<std::vector<TensorReference>> calls_of(const Json& layer, const std::string& where) {
    std::vector<std::vector<TensorReference>> calls;
    if (!layer.contains("inbound_nodes") || layer["inbound_nodes"].is_null()) return calls;
    if (!layer["inbound_nodes"].is_array()) throw bad(where, "inbound_nodes as a list", layer["inbound_nodes"].dump());
    const Json& nodes = layer["inbound_nodes"];
    if (is_reference(nodes)) {   // a layer of one flat call
        calls.emplace_back();
        collect_references(nodes, calls.back());
        return calls;
    }
    for (const Json& node : nodes) {
        calls.emplace_back();
        if (node.is_object()) {   // Keras 3: positional arguments are inputs; keywords such as mask come after them
            if (node.contains("args")) collect_references(node["args"], calls.back());
            if (node.contains("kwargs")) collect_references(node["kwargs"], calls.back());
        } else {
            collect_references(node, calls.back());
        }
    }
    return calls;
}

Graph read_model(const Json& model, const Dialect& dialect, const std::string& where);

std::size_t count_references(const Graph& graph) {
    std::size_t count = 0;
    for (const Layer& layer : graph.layers)
        for (const auto& call : layer.calls) count += 1 + call.size();
    return count;
}

// What a nested model becomes: its layers under its own name, called as often as it is called.
void inline_model(Graph& outer, const Layer& nested, const Graph& inner, std::size_t first_node,
                  std::map<std::string, std::vector<std::vector<TensorReference>>>& outputs_of) {
    if (count_references(inner) * nested.calls.size() + count_references(outer) > most_references)   // neither factor exceeds 256 Mi
        throw Error(ErrorKind::resource, {"model " + nested.name, "at most 2,000,000 inputs of layers, nested models included", "more"});
    std::map<std::string, std::size_t> input_position;
    for (std::size_t i = 0; i < inner.inputs.size(); ++i) input_position[inner.inputs[i].layer] = i;
    std::map<std::string, std::size_t> calls_inside;
    for (const Layer& layer : inner.layers) calls_inside[layer.name] = layer.calls.size();
    const auto outside = [&](const TensorReference& reference, std::size_t call) -> TensorReference {
        if (const auto input = input_position.find(reference.layer); input != input_position.end()) {
            if (input->second >= nested.calls[call].size())
                throw bad("model " + nested.name, std::to_string(inner.inputs.size()) + " inputs", std::to_string(nested.calls[call].size()));
            return nested.calls[call][input->second];
        }
        return {nested.name + "/" + reference.layer, reference.node + call * calls_inside[reference.layer], reference.tensor};
    };
    for (const Layer& layer : inner.layers) {
        if (input_position.contains(layer.name)) continue;
        if (layer.calls.size() * nested.calls.size() > most_calls)   // models in models, each called twice, double at every level
            throw Error(ErrorKind::resource, {"model " + nested.name, "at most 100,000 calls of a layer", std::to_string(layer.calls.size()) + " times " + std::to_string(nested.calls.size())});
        Layer copy = layer;
        copy.name = nested.name + "/" + layer.name;
        copy.model = nested.name;
        copy.place = nested.place + "/layers/" + layer.place;
        copy.calls.clear();
        copy.keywords.clear();
        for (std::size_t call = 0; call < nested.calls.size(); ++call)
            for (std::size_t own = 0; own < layer.calls.size(); ++own) {
                copy.calls.emplace_back();
                copy.keywords.push_back(own < layer.keywords.size() ? layer.keywords[own] : Json());
                for (const TensorReference& input : layer.calls[own]) {
                    copy.calls.back().push_back(outside(input, call));
                    copy.calls.back().back().keyword = input.keyword;
                }
            }
        outer.layers.push_back(std::move(copy));
    }
    auto& outputs = outputs_of[nested.name];
    outputs.resize(first_node);
    for (std::size_t call = 0; call < nested.calls.size(); ++call) {
        outputs.emplace_back();
        for (const TensorReference& output : inner.outputs) outputs.back().push_back(outside(output, call));
    }
}

// References to a nested model's outputs, which after inlining are outputs of its layers.
void redirect(Graph& graph, const std::map<std::string, std::vector<std::vector<TensorReference>>>& outputs_of) {
    if (outputs_of.empty()) return;
    const auto follow = [&](TensorReference& reference) {
        for (int depth = 0; depth < 1000; ++depth) {
            const auto found = outputs_of.find(reference.layer);
            if (found == outputs_of.end()) return;
            if (reference.node >= found->second.size() || reference.tensor >= found->second[reference.node].size())
                throw bad("model " + reference.layer, "a call and an output that it has", std::to_string(reference.node) + ", " + std::to_string(reference.tensor));
            const std::string keyword = reference.keyword;
            reference = found->second[reference.node][reference.tensor];
            reference.keyword = keyword;
        }
        throw bad("model " + reference.layer, "a graph without cycles", "a cycle");
    };
    for (Layer& layer : graph.layers)
        for (auto& call : layer.calls)
            for (TensorReference& input : call) follow(input);
    for (TensorReference& output : graph.outputs) follow(output);
}

// Operations of keras.ops stand among the layers of a functional model, some under the name of a layer that is told otherwise what to do.
// Those that the translator of that name reads keep it, and all others say what they are.
void name_operation(const Json& json, Layer& layer) {
    static constexpr std::string_view known[] = {"Add", "Celu", "Concatenate", "Divide", "Elu", "Exp", "Gelu", "HardSigmoid", "HardSilu", "HardTanh", "LeakyRelu", "LogSigmoid",
                                                 "Maximum", "Minimum", "Multiply", "Negative", "Relu", "Relu6", "Selu", "Sigmoid", "Silu", "Softmax", "Softplus", "Softsign",
                                                 "Subtract", "Tanh", "TrueDivide"};
    // HDF5 files name no module, but an operation's own setting.
    const std::string module = json.contains("module") && json["module"].is_string() ? json["module"].get<std::string>() + "." : "";
    if (!module.starts_with("keras.ops.") && !module.starts_with("keras.src.ops.") && !(layer.class_name == "Reshape" && layer.config.contains("newshape"))) return;
    if (std::find(std::begin(known), std::end(known), layer.class_name) != std::end(known)) return;
    const Json shape = layer.config.value("newshape", Json());
    if (layer.class_name == "Reshape" && shape.is_array() && shape.size() > 1 && shape[0] == -1 &&
        std::all_of(shape.begin() + 1, shape.end(), [](const Json& extent) { return extent.is_number_integer() && extent > 0; })) {
        layer.config["target_shape"] = shape;   // of the batch, of which the layer speaks not
        layer.config["target_shape"].erase(0);
        return;
    }
    layer.class_name = "keras.ops." + layer.class_name;
}

}  // namespace

bool is_model_class(const std::string& name) { return name == "Sequential" || name == "Model" || name == "Functional"; }

Layer read_layer_config(const Json& json, const std::string& where) {
    Layer layer;
    layer.class_name = class_of(json, where);
    layer.config = config_of(json, where);
    if (layer.config.is_object() && layer.config.contains("name") && layer.config["name"].is_string())
        layer.name = layer.config["name"].get<std::string>();
    if (json.contains("name") && json["name"].is_string()) layer.name = json["name"].get<std::string>();
    if (json.contains("shared_object_id") && json["shared_object_id"].is_number_unsigned()) layer.shared_object = json["shared_object_id"].get<std::uint64_t>();
    if (layer.name.size() > longest_name) throw bad(where, "names of layers of at most 1,000 bytes", std::to_string(layer.name.size()));
    if (!is_model_class(layer.class_name)) {
        if (!layer.config.is_object()) throw bad(where + " layer " + layer.name, "a config of keys and values", layer.config.dump());
        renew_keras_one(layer.class_name, layer.config);
        name_operation(json, layer);
    }
    return layer;
}

namespace {

// Numbers the layers of a model by class, as Keras 3 does for the groups of its weights.
class Places {
public:
    std::string next(const std::string& class_name) {
        const std::string base = snake_case(class_name);
        const int number = counted_[base]++;
        return number == 0 ? base : base + "_" + std::to_string(number);
    }

private:
    std::map<std::string, int> counted_;
};

std::optional<Json> batch_shape_of(const Json& config) {
    for (const char* key : {"batch_shape", "batch_input_shape"})
        if (config.is_object() && config.contains(key) && config[key].is_array()) return config[key];
    return std::nullopt;
}

// Keras 1: a Merge at the head of a Sequential model holds the models that it merges. Their layers keep their names, and the file has
// a group of weights for each of them.
void add_branches(Graph& graph, Layer& merge, const Dialect& dialect, const std::string& where, std::set<std::string>& names) {
    const Json branches = merge.config["layers"];
    merge.config.erase("layers");
    renew_keras_one(merge.class_name, merge.config);
    merge.calls.emplace_back();
    for (const Json& branch : branches) {
        const bool is_model = is_model_class(class_of(branch, where));
        const Graph inner = read_model(is_model ? branch : Json{{"class_name", "Sequential"}, {"config", Json::array({branch})}}, dialect, where);
        if (inner.outputs.size() != 1) throw bad(where + " layer " + merge.name, "branches of one output", std::to_string(inner.outputs.size()));
        for (const Layer& layer : inner.layers) {
            if (!names.insert(layer.name).second) throw bad(where, "layers of different names", "two called " + layer.name);
            graph.layers.push_back(layer);
        }
        graph.inputs.insert(graph.inputs.end(), inner.inputs.begin(), inner.inputs.end());
        merge.calls.front().push_back(inner.outputs.front());
    }
}

Graph read_sequential(const Json& config, const Dialect& dialect, const std::string& where) {
    const Json* layers = config.is_array() ? &config : nullptr;
    if (config.is_object() && config.contains("layers") && config["layers"].is_array()) layers = &config["layers"];
    if (!layers) throw bad(where, "a Sequential model with a list of layers", config.dump());
    if (layers->empty()) throw bad(where, "at least one layer", "none");
    Graph graph;
    std::map<std::string, std::vector<std::vector<TensorReference>>> outputs_of;
    std::set<std::string> names;
    TensorReference last;
    Places places, unnamed;
    for (const Json& json : *layers) {
        Layer layer = read_layer_config(json, where);
        std::optional<Graph> inner;   // read once: models that begin with models would else be read twice at every level
        layer.place = places.next(layer.class_name);
        if (layer.name.empty()) layer.name = unnamed.next(layer.class_name);
        if (!names.insert(layer.name).second) throw bad(where, "layers of different names", "two called " + layer.name);
        if (graph.inputs.empty() && is_merge_of_branches(layer.class_name, layer.config)) {
            add_branches(graph, layer, dialect, where, names);
            last = {layer.name, 0, 0};
            graph.layers.push_back(std::move(layer));
            continue;
        }
        if (graph.inputs.empty()) {   // the first layer is the input, or says what the input is
            if (layer.class_name == "InputLayer") {
                layer.calls = {{}};
                last = {layer.name, 0, 0};
                graph.inputs.push_back(last);
                graph.layers.push_back(std::move(layer));
                continue;
            }
            Layer input;
            input.name = layer.name + "_input";
            input.class_name = "InputLayer";
            std::optional<Json> shape = batch_shape_of(layer.config);
            if (!shape && is_model_class(layer.class_name)) {   // a nested model at the front says it inside
                inner = read_model(json, dialect, where + " model " + layer.name);
                if (!inner->layers.empty() && inner->layers.front().class_name == "InputLayer") shape = batch_shape_of(inner->layers.front().config);
            }
            if (!shape && config.is_object() && config.contains("build_input_shape") && config["build_input_shape"].is_array()) shape = config["build_input_shape"];
            if (shape) input.config["batch_shape"] = *shape;
            for (const char* key : {"dtype", "input_dtype"})
                if (layer.config.is_object() && layer.config.contains(key)) input.config["dtype"] = layer.config[key];
            input.calls = {{}};
            last = {input.name, 0, 0};
            graph.inputs.push_back(last);
            graph.layers.push_back(std::move(input));
        }
        layer.calls = {{last}};
        last = {layer.name, 0, 0};
        if (is_model_class(layer.class_name))
            inline_model(graph, layer, inner ? *inner : read_model(json, dialect, where + " model " + layer.name), 0, outputs_of);
        else
            graph.layers.push_back(std::move(layer));
    }
    graph.outputs.push_back(last);
    redirect(graph, outputs_of);
    return graph;
}

Graph read_functional(const Json& config, const Dialect& dialect, const std::string& where) {
    if (!config.is_object() || !config.contains("layers") || !config["layers"].is_array()) throw bad(where, "a model with a list of layers", config.dump());
    Graph graph;
    std::map<std::string, std::vector<std::vector<TensorReference>>> outputs_of;
    std::set<std::string> names;
    std::map<std::string, std::size_t> last_node;   // the largest call index that anything refers to
    const auto remember = [&](const std::vector<TensorReference>& references) {
        for (const TensorReference& reference : references) {
            auto& largest = last_node[reference.layer];
            largest = std::max(largest, reference.node);
        }
    };
    struct Nested { Layer layer; Graph graph; };
    std::vector<Layer> flat;
    std::map<std::size_t, Nested> nested;   // by position in the list
    Places places;
    bool keras_three = false;
    for (const Json& json : config["layers"]) {
        Layer layer = read_layer_config(json, where);
        keras_three = keras_three || (json.contains("inbound_nodes") && json["inbound_nodes"].is_array() && !json["inbound_nodes"].empty() && json["inbound_nodes"][0].is_object());
        layer.place = places.next(layer.class_name);
        if (layer.name.empty()) throw bad(where, "layers with names", json.dump());
        if (!names.insert(layer.name).second) throw bad(where, "layers of different names", "two called " + layer.name);
        layer.calls = calls_of(json, where + " layer " + layer.name);
        layer.keywords = keywords_of(json);
        if (layer.class_name == "InputLayer") layer.calls = {{}};
        for (const auto& call : layer.calls) remember(call);
        if (is_model_class(layer.class_name)) {
            Graph inner = read_model(json, dialect, where + " model " + layer.name);
            nested.emplace(flat.size(), Nested{layer, std::move(inner)});
        }
        flat.push_back(std::move(layer));
    }
    if (config.contains("input_layers")) collect_references(config["input_layers"], graph.inputs);
    if (config.contains("output_layers")) collect_references(config["output_layers"], graph.outputs);
    if (graph.outputs.empty()) throw bad(where, "a model with output_layers", "none");
    // Keras 3 numbers the calls of a functional model from 0 where they are inputs, and from 1 where they are outputs.
    for (TensorReference& output : graph.outputs) {
        const auto model = std::find_if(nested.begin(), nested.end(), [&](const auto& one) { return one.second.layer.name == output.layer; });
        if (model == nested.end() || !keras_three || model->second.layer.class_name == "Sequential" || output.node == 0) continue;
        const auto largest = last_node.find(output.layer);
        if (largest == last_node.end() || largest->second < model->second.layer.calls.size()) --output.node;
    }
    remember(graph.outputs);
    for (std::size_t i = 0; i < flat.size(); ++i) {
        const auto model = nested.find(i);
        if (model == nested.end()) {
            graph.layers.push_back(std::move(flat[i]));
            continue;
        }
        // In older files the calls of a nested model are numbered from 1: its own graph was the call 0.
        const Layer& layer = model->second.layer;
        const std::size_t first = !layer.calls.empty() && last_node[layer.name] == layer.calls.size() ? 1 : 0;
        inline_model(graph, layer, model->second.graph, first, outputs_of);
    }
    redirect(graph, outputs_of);
    drop_restated_masks(graph);
    return graph;
}

Graph read_model(const Json& model, const Dialect& dialect, const std::string& where) {
    const std::string name = class_of(model, where);
    const Json& config = config_of(model, where);
    if (name == "Sequential") return read_sequential(config, dialect, where);
    if (config.is_object() && config.contains("layers") && config.contains("output_layers")) return read_functional(config, dialect, where);
    if (name == "Model" || name == "Functional") throw bad(where, "a model with layers and output_layers", config.dump());
    throw Error(ErrorKind::unsupported, {where, "a Sequential or functional model", "a model of class " + name});
}

}  // namespace

Graph read_model_config(const Json& model, const Dialect& dialect, const std::string& where) { return read_model(model, dialect, where); }

bool is_pgdl_config(const Json& config) {
    return config.is_object() && config.contains("model_config") && config["model_config"].is_array() && config.contains("input_shape");
}

Graph read_pgdl_config(const Json& config, const std::string& where, const std::vector<std::string>& names) {
    if (!is_pgdl_config(config)) throw bad(where, "model_config and input_shape", config.dump());
    Json layers = Json::array();
    for (const Json& row : config["model_config"]) {
        if (!row.is_object() || !row.contains("layer_name") || !row["layer_name"].is_string()) throw bad(where, "layers with a layer_name", row.dump());
        Json settings = row;
        settings.erase("layer_name");
        if (names.size() == config["model_config"].size()) settings["name"] = names[layers.size()];
        layers.push_back({{"class_name", row["layer_name"]}, {"config", settings}});
    }
    if (layers.empty()) throw bad(where, "at least one layer", "none");
    Json shape = config["input_shape"];
    if (!shape.is_array()) throw bad(where, "input_shape as a list", shape.dump());
    shape.insert(shape.begin(), nullptr);
    layers.front()["config"]["batch_input_shape"] = shape;
    return read_sequential(layers, Dialect{.version = "2.4.0", .backend = "tensorflow"}, where);
}

std::string snake_case(const std::string& class_name) {
    if (class_name == "GroupQueryAttention") return "grouped_query_attention";   // what the class is called inside Keras
    // "_" before a capital beside a small letter: SimpleRNN is simple_rnn, Conv2DTranspose is conv2d_transpose.
    std::string words;
    for (std::size_t i = 0; i < class_name.size(); ++i) {
        const auto at = [&](std::size_t k) { return k < class_name.size() ? static_cast<unsigned char>(class_name[k]) : static_cast<unsigned char>(0); };
        if (i > 0 && std::isupper(at(i)) && (std::islower(at(i - 1)) || std::islower(at(i + 1)))) words += '_';
        words += static_cast<char>(std::tolower(at(i)));
    }
    return words;
}

}  // namespace assay::formats::keras
