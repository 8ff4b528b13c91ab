// SimpleRNN, LSTM, GRU and their CuDNN forms; Masking; the wrappers Bidirectional and TimeDistributed.

#include "formats/keras_cudnn.hpp"
#include "formats/keras_layer.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>

namespace assay::formats::keras::layers {

using model::Role;

namespace {

/// A recurrent layer as one node of the engine.
struct Recurrent {
    std::string kind;
    Json attributes;
    std::vector<WeightSpec> weights;
    bool sequences = false;
};

// Before Keras 2.3 and tf.keras, gates were cut off linearly where a file does not say; masked steps of wrapped layers kept their last value.
bool is_tensorflow_keras(const Dialect& dialect) {
    return dialect.major() >= 3 || dialect.version.find("tf") != std::string::npos || (dialect.major() == 2 && dialect.version >= "2.4") ||
           (dialect.major() == 2 && dialect.version.size() > 3 && dialect.version[3] != '.');   // 2.10 and later
}

void refuse_flags(const Layer& layer, std::initializer_list<const char*> flags) {
    for (const char* flag : flags)
        if (flag_or(layer, flag, false)) throw Unsupported{layer.class_name + "(" + flag + ")"};
}

Json function_of(const Layer& layer, const Dialect& dialect, const char* key, const char* fallback) {
    const Json function = activation_of(layer, dialect, key, fallback);
    if (acts_on_an_axis(function)) throw Unsupported{layer.class_name + "(" + function.at("function").get<std::string>() + ")"};
    return function_word(function);
}

Recurrent read_recurrent(const Layer& layer, const Dialect& dialect) {
    const bool cudnn = layer.class_name.starts_with("CuDNN");
    const bool lstm = layer.class_name.ends_with("LSTM"), gru = layer.class_name.ends_with("GRU");
    if (!lstm && !gru && layer.class_name != "SimpleRNN") throw Unsupported{layer.class_name};
    refuse_flags(layer, {"return_state", "stateful", "time_major"});
    const std::int64_t units = integer(layer, "units"), gates = lstm ? 4 : gru ? 3 : 1;
    const bool use_bias = cudnn || flag_or(layer, "use_bias", true);
    Recurrent result{lstm ? "lstm" : gru ? "gru" : "simple_rnn", {{"units", units}}, {}, flag_or(layer, "return_sequences", false)};
    result.attributes["activation"] = function_of(layer, dialect, "activation", "tanh");
    if (lstm || gru)
        result.attributes["recurrent_activation"] = function_of(layer, dialect, "recurrent_activation", cudnn || is_tensorflow_keras(dialect) ? "sigmoid" : "hard_sigmoid");
    result.attributes["return_sequences"] = result.sequences;
    result.attributes["go_backwards"] = flag_or(layer, "go_backwards", false);
    result.attributes["use_bias"] = use_bias;
    if (flag_or(layer, "zero_output_for_mask", false)) result.attributes["zero_masked"] = true;
    const bool reset_after = gru && (cudnn || flag_or(layer, "reset_after", dialect.major() >= 3));
    if (gru) result.attributes["reset_after"] = reset_after;
    result.weights = {{.role = Role::kernel, .shape = {-1, gates * units}}, {.role = Role::recurrent_kernel, .shape = {units, gates * units}}};
    if (use_bias) result.weights.push_back({.role = Role::bias, .shape = cudnn ? Shape{2 * gates * units} : reset_after ? Shape{2, gates * units} : Shape{gates * units}});
    if (cudnn)
        for (WeightSpec& weight : result.weights) weight.convert = [role = weight.role, lstm](model::Tensor& tensor) { convert_cudnn(tensor, role, lstm); };
    return result;
}

void require_one_input(const Call& call) {
    if (call.input_count() > 1) throw Unsupported{call.layer().class_name + (call.raw(1).keyword == "mask" ? "(mask)" : "(initial state)")};
}

Translation recurrent(const Layer& layer, const Dialect& dialect) {
    const Recurrent made = read_recurrent(layer, dialect);
    return {made.weights, [made](Call& call) {
                require_one_input(call);
                return call.add(made.kind, made.attributes, {call.as_keras()}, made.sequences ? 3 : 2, true);
            }};
}

Layer inner_layer(const Layer& layer, const char* key) {
    if (!layer.config.contains(key) || !layer.config[key].is_object()) throw bad_setting(layer, key, "a layer");
    Layer inner = read_layer_config(layer.config[key], "layer " + layer.name);
    inner.name = inner.name.empty() ? layer.name : inner.name;
    return inner;
}

// ---- TimeDistributed ----

/// What is inside: one layer, or the layers of a model with one input and one output.
struct Inside {
    Graph graph;
    std::vector<Translation> translations;
    bool is_model = false;
};

std::shared_ptr<Inside> read_inside(const Layer& layer, const Dialect& dialect) {
    auto inside = std::make_shared<Inside>();
    const Layer inner = inner_layer(layer, "layer");
    inside->is_model = is_model_class(inner.class_name);
    if (inside->is_model) {
        inside->graph = read_model_config(layer.config["layer"], dialect, "layer " + layer.name);
        if (inside->graph.inputs.size() != 1 || inside->graph.outputs.size() != 1) throw Unsupported{"TimeDistributed(model of several inputs or outputs)"};
    } else {
        inside->graph.inputs = {{"input of " + inner.name, 0, 0}};
        inside->graph.outputs = {{inner.name, 0, 0}};
        inside->graph.layers = {inner};
        inside->graph.layers[0].calls = {{inside->graph.inputs[0]}};
    }
    for (const Layer& one : inside->graph.layers) {
        const Translator translator = translator_of(one.class_name);
        if (!translator) throw Unsupported{"TimeDistributed(" + one.class_name + ")"};
        try {
            refuse_other_kernels(one, true);
            inside->translations.push_back(translator(one, dialect));
        } catch (const Unsupported& setting) {
            throw Unsupported{"TimeDistributed(" + setting.what + ")"};
        }
    }
    return inside;
}

/// The nodes of one call of what is inside, in an architecture of their own: from its input to its output.
Value draw_inside(const Inside& inside, const Call& outer, model::Architecture& drawing, const Value& input) {
    std::map<std::pair<std::string, std::size_t>, Value> values;
    values[{inside.graph.inputs[0].layer, inside.graph.inputs[0].node}] = input;
    std::size_t missing = 0, before = 0;
    do {   // layers may come before their inputs
        before = missing;
        missing = 0;
        std::size_t position = 0;
        for (std::size_t i = 0; i < inside.graph.layers.size(); ++i) {
            const Layer& layer = inside.graph.layers[i];
            const std::size_t first = position, count = inside.translations[i].weights.size();
            position += count;
            for (std::size_t use = 0; use < layer.calls.size(); ++use) {
                if (values.contains({layer.name, use})) continue;
                std::vector<Value> sources;
                for (const TensorReference& reference : layer.calls[use])
                    if (const auto found = values.find({reference.layer, reference.node}); found != values.end() && reference.tensor == 0) {
                        sources.push_back(found->second);
                        sources.back().keyword = reference.keyword;
                    }
                if (sources.size() != layer.calls[use].size() || sources.empty()) {
                    ++missing;
                    continue;
                }
                Call call(drawing, layer, use == 0 ? "" : "#" + std::to_string(use + 1), std::move(sources), outer.parameters(first, count), outer.all_parameters(),
                          use < layer.keywords.size() ? layer.keywords[use] : Json());
                values[{layer.name, use}] = inside.translations[i].add_nodes(call);
            }
        }
    } while (missing != before && missing > 0);
    const auto result = values.find({inside.graph.outputs[0].layer, inside.graph.outputs[0].node});
    if (result == values.end())
        throw Error(ErrorKind::format, {"layer " + outer.layer().name + " (TimeDistributed)", "a model inside that leads from its input to its output", "one that does not"});
    const Layer nobody;
    Call settle(drawing, nobody, "", {result->second}, {});
    return settle.as_keras();
}

/// A node inside as one on every step. What acts on the last axis, or on every value, needs no wrapper; axes after the batch axis move by one.
void wrap(model::Node& node) {
    static constexpr std::array plain{"dense", "activation", "identity", "layer_normalization", "batch_normalization", "add", "multiply"};
    if (std::find(plain.begin(), plain.end(), node.kind) != plain.end()) return;
    if (node.kind == "concatenate") {
        node.attributes["axis"] = node.attributes.at("axis").get<std::int64_t>() + 1;
        return;
    }
    node.attributes = {{"kind", node.kind}, {"attributes", node.attributes}};
    node.kind = "time_distributed";
}

Value on_every_step(const Inside& inside, Call& call) {
    const Value x = call.as_keras();
    model::Architecture drawing;
    const Value input{drawing.add({.name = "input", .kind = "input", .layer = {}, .layer_class = {}, .parameters = {}}, {}), x.rank < 0 ? -1 : x.rank - 1};
    const Value output = draw_inside(inside, call, drawing, input);
    std::vector<std::size_t> order = drawing.topological_order();
    std::erase(order, output.vertex);   // the output last: it takes the layer's name
    order.push_back(output.vertex);
    for (const std::size_t vertex : order)
        if (vertex != input.vertex && drawing.inputs_of(vertex).size() > 1 && drawing.graph[vertex].kind != "add" && drawing.graph[vertex].kind != "multiply" &&
            drawing.graph[vertex].kind != "concatenate")
            throw Unsupported{"TimeDistributed(" + drawing.graph[vertex].layer_class + ")"};
    std::map<std::size_t, Value> made{{input.vertex, x}};
    for (const std::size_t vertex : order) {
        if (made.contains(vertex)) continue;
        model::Node node = drawing.graph[vertex];
        wrap(node);
        std::vector<Value> sources;
        for (const std::size_t source : drawing.inputs_of(vertex)) sources.push_back(made.at(source));
        made[vertex] = call.add_part(node.name, node.kind, node.attributes, sources, vertex == output.vertex && output.rank >= 0 ? output.rank + 1 : -1, node.parameters);
    }
    return made.at(output.vertex);
}

}  // namespace

Translation simple_rnn(const Layer& layer, const Dialect& dialect) { return recurrent(layer, dialect); }
Translation lstm(const Layer& layer, const Dialect& dialect) { return recurrent(layer, dialect); }
Translation gru(const Layer& layer, const Dialect& dialect) { return recurrent(layer, dialect); }
Translation cudnn_lstm(const Layer& layer, const Dialect& dialect) { return recurrent(layer, dialect); }
Translation cudnn_gru(const Layer& layer, const Dialect& dialect) { return recurrent(layer, dialect); }

Translation masking(const Layer& layer, const Dialect&) {
    const double value = number_or(layer, "mask_value", 0);
    return {{}, [value](Call& call) {
                const Value x = call.as_keras();
                return call.add("masking", {{"mask_value", value}}, {x}, x.rank);
            }};
}

Translation bidirectional(const Layer& layer, const Dialect& dialect) {
    const Layer forward = inner_layer(layer, "layer");
    const bool own_backward = layer.config.contains("backward_layer") && layer.config["backward_layer"].is_object();
    Layer backward = own_backward ? inner_layer(layer, "backward_layer") : forward;
    if (!own_backward) backward.config["go_backwards"] = true;
    if (flag_or(forward, "go_backwards", false) || !flag_or(backward, "go_backwards", false)) throw Unsupported{"Bidirectional(go_backwards)"};
    const bool merged = !layer.config.contains("merge_mode") || layer.config["merge_mode"].is_string();
    const std::string mode = merged ? word_or(layer, "merge_mode", "concat") : "none";
    if (mode != "concat" && mode != "sum" && mode != "mul" && mode != "ave") throw Unsupported{"Bidirectional(merge_mode " + mode + ")"};
    std::array<Recurrent, 2> ways;
    try {
        ways = {read_recurrent(forward, dialect), read_recurrent(backward, dialect)};
    } catch (const Unsupported& setting) {
        throw Unsupported{"Bidirectional(" + setting.what + ")"};
    }
    const bool sequences = ways[0].sequences;
    if (ways[1].sequences != sequences) throw bad_setting(layer, "backward_layer", "return_sequences as in layer");
    Translation result;
    for (Recurrent& way : ways) {
        const bool back = &way == &ways[1];
        if (back && sequences) way.attributes["in_order"] = true;
        if (sequences && is_tensorflow_keras(dialect)) way.attributes["zero_masked"] = true;
        for (WeightSpec& weight : way.weights) {
            weight.part = back ? "backward" : "forward";
            weight.group = weight.part + "_layer";
            weight.trainable = weight.trainable && flag_or(back ? backward : forward, "trainable", true);
            weight.config = (back ? backward : forward).config;
            result.weights.push_back(weight);
        }
    }
    result.add_nodes = [ways, mode, sequences](Call& call) {
        require_one_input(call);
        const Value x = call.as_keras();
        const int rank = sequences ? 3 : 2;
        const std::size_t half = ways[0].weights.size();
        const Value forth = call.add_part("forward", ways[0].kind, ways[0].attributes, {x}, rank, call.parameters(0, half));
        const Value back = call.add_part("backward", ways[1].kind, ways[1].attributes, {x}, rank, call.parameters(half, ways[1].weights.size()));
        if (mode == "concat") return call.add("concatenate", {{"axis", rank - 1}}, {forth, back}, rank);
        if (mode == "mul") return call.add("multiply", Json::object(), {forth, back}, rank);
        const Value sum = call.add("add", Json::object(), {forth, back}, rank);
        return mode == "sum" ? sum : call.add("rescaling", {{"scale", 0.5}, {"offset", 0.0}}, {sum}, rank);
    };
    return result;
}

Translation time_distributed(const Layer& layer, const Dialect& dialect) {
    const std::shared_ptr<Inside> inside = read_inside(layer, dialect);
    Translation result;
    for (std::size_t i = 0; i < inside->graph.layers.size(); ++i) {
        const Layer& one = inside->graph.layers[i];
        const bool frozen = one.config.is_object() && one.config.contains("trainable") && one.config["trainable"] == false;
        for (WeightSpec weight : inside->translations[i].weights) {
            if (inside->is_model) weight.part = weight.part.empty() ? one.name : one.name + "/" + weight.part;
            weight.group = (inside->is_model ? "layer/layers/" + one.place : "layer") + (weight.group.empty() ? "" : "/" + weight.group);
            if (weight.config.is_null()) weight.config = one.config;
            weight.trainable = weight.trainable && !frozen;
            result.weights.push_back(std::move(weight));
        }
    }
    result.add_nodes = [inside](Call& call) {
        if (call.input_count() > 1) throw Unsupported{"TimeDistributed(several inputs)"};
        return on_every_step(*inside, call);
    };
    return result;
}

}  // namespace assay::formats::keras::layers
