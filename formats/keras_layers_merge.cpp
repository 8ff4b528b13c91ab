// Layers that merge branches, and the arithmetic of functional models, which Keras writes as layers too.

#include "formats/keras_layer.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

namespace assay::formats::keras::layers {
namespace {

/// Branches as they lie, where all have their channels last and as many axes; else in Keras' order. Engine and Keras spread axes alike.
std::vector<Value> branches(Call& call) {
    if (call.input_count() == 0) call.raw();   // says what is missing
    std::vector<Value> sources = call.inputs();
    const bool alike = std::all_of(sources.begin(), sources.end(), [&](const Value& value) { return value.channels_last && value.rank == sources[0].rank; });
    if (!alike)
        for (std::size_t i = 0; i < sources.size(); ++i) sources[i] = call.as_keras(i);
    return sources;
}

Value merge(Call& call, const std::string& kind) {
    const std::vector<Value> sources = branches(call);
    int rank = -1;
    for (const Value& source : sources) rank = std::max(rank, source.rank);
    return call.add(kind, Json::object(), sources, rank);
}

Value rescaled(Call& call, double scale, double offset) {
    const Value x = call.raw();
    return call.add("rescaling", {{"scale", scale}, {"offset", offset}}, {x}, x.rank);
}

/// The number among the two operands of a call, and whether it comes first. Keras 3 writes {"args": [2.0, tensor]}, tf.keras {"y": 2.0}.
struct Constant { double value; bool first; };
std::optional<Constant> constant_of(const Call& call) {
    const Json& words = call.keywords();
    if (!words.is_object()) return std::nullopt;
    if (words.contains("args") && words["args"].is_array() && words["args"].size() == 2) {
        for (const bool first : {true, false}) {
            const Json& operand = words["args"][first ? 0 : 1];
            if (operand.is_number()) return Constant{operand.get<double>(), first};
        }
    }
    for (const char* key : {"y", "x2"})
        if (words.contains(key) && words[key].is_number()) return Constant{words[key].get<double>(), false};
    return std::nullopt;
}

enum class Operator { add, subtract, multiply, divide };

Value arithmetic(Call& call, Operator operation) {
    const std::string& name = call.layer().class_name == "TFOpLambda" ? word_or(call.layer(), "function", "") : call.layer().class_name;
    const auto refuse = [&](const std::string& what) { return Unsupported{name + "(" + what + ")"}; };
    const std::optional<Constant> constant = constant_of(call);
    if (call.input_count() == 2 && !constant) {
        if (operation == Operator::divide) throw refuse("by a tensor");
        return merge(call, operation == Operator::add ? "add" : operation == Operator::subtract ? "subtract" : "multiply");
    }
    if (call.input_count() != 1 || !constant) throw refuse("of something that is neither a tensor nor a number");
    const double c = constant->value;
    switch (operation) {
        case Operator::add: return rescaled(call, 1, c);
        case Operator::subtract: return constant->first ? rescaled(call, -1, c) : rescaled(call, 1, -c);
        case Operator::multiply: return rescaled(call, c, 0);
        case Operator::divide:
            if (constant->first) throw refuse("by a tensor");
            if (c == 0) throw refuse("by zero");
            return rescaled(call, 1 / c, 0);
    }
    throw refuse("unknown");
}

/// A layer of n branches, or Keras 3's operation of that name on two operands, of which one may be a number.
Value merge_or_arithmetic(Call& call, const std::string& kind, Operator operation) {
    return call.input_count() == 1 && constant_of(call) ? arithmetic(call, operation) : merge(call, kind);
}

/// The input with `axis` (counted with the batch axis) as its last one.
Value with_axis_last(Call& call, std::size_t index, std::int64_t axis) {
    const Value x = call.as_keras(index);
    const std::int64_t counted = axis < 0 ? axis + x.rank : axis;
    if (counted < 1 || counted >= x.rank) throw bad_setting(call.layer(), "axes", "axes of values with " + std::to_string(x.rank) + " axes, but for the batch axis");
    if (counted == x.rank - 1) return x;
    std::vector<std::int64_t> order;
    for (std::int64_t i = 1; i < x.rank; ++i)
        if (i != counted) order.push_back(i);
    order.push_back(counted);
    return call.add("permute", {{"order", order}}, {x}, x.rank);
}

}  // namespace

Translation add(const Layer&, const Dialect&) { return {{}, [](Call& call) { return merge_or_arithmetic(call, "add", Operator::add); }}; }
Translation multiply(const Layer&, const Dialect&) { return {{}, [](Call& call) { return merge_or_arithmetic(call, "multiply", Operator::multiply); }}; }
Translation subtract(const Layer&, const Dialect&) { return {{}, [](Call& call) { return merge_or_arithmetic(call, "subtract", Operator::subtract); }}; }
Translation divide(const Layer&, const Dialect&) { return {{}, [](Call& call) { return arithmetic(call, Operator::divide); }}; }
Translation negative(const Layer&, const Dialect&) { return {{}, [](Call& call) { return rescaled(call, -1, 0); }}; }

/// Average, Maximum, Minimum.
Translation merge_class(const Layer& layer, const Dialect&) {
    if (layer.config.contains("axis")) throw Unsupported{layer.class_name + "(over an axis)"};   // an operation of NumPy's, of that name
    const std::string kind = snake_case(layer.class_name);
    return {{}, [kind](Call& call) {
                if (call.input_count() == 1 && constant_of(call)) throw Unsupported{call.layer().class_name + "(of a number)"};
                return merge(call, kind);
            }};
}

Translation concatenate(const Layer& layer, const Dialect&) {
    const std::int64_t axis = integer_or(layer, "axis", -1, -64);
    return {{}, [axis](Call& call) {
                if (call.input_count() == 0) call.raw();
                std::vector<Value> sources;
                int rank = -1;
                for (std::size_t i = 0; i < call.input_count(); ++i) {
                    sources.push_back(call.as_keras(i));
                    rank = std::max(rank, sources.back().rank);
                }
                const std::int64_t counted = axis < 0 ? rank + axis : axis;
                if (rank < 0) throw Unsupported{"Concatenate(of an unknown rank)"};
                if (counted < 1 || counted >= rank)
                    throw Error(ErrorKind::format, {"layer " + call.layer().name + " (Concatenate) axis", "an axis of a value with " + std::to_string(rank) + " axes", std::to_string(axis)});
                return call.add("concatenate", {{"axis", counted}}, sources, rank);
            }};
}

Translation dot(const Layer& layer, const Dialect& dialect) {
    if (!layer.config.contains("axes")) throw Unsupported{"Dot(of NumPy)"};
    const Json& json = layer.config["axes"];
    std::vector<std::int64_t> axes;
    for (const Json& axis : json.is_array() ? json : Json::array({json, json})) {
        if (!axis.is_number_integer() || axis.get<std::int64_t>() < -64 || axis.get<std::int64_t>() > 64) throw bad_setting(layer, "axes", "one or two axes");
        axes.push_back(axis.get<std::int64_t>());
    }
    if (axes.size() != 2) throw bad_setting(layer, "axes", "one or two axes");
    const bool normalize = flag_or(layer, "normalize", false);
    const double least = least_square_norm(dialect);
    const bool keras_one_cosine = normalize && dialect.major() == 1;   // which divides matrices otherwise, and has an axis more
    return {{}, [=](Call& call) {
                for (std::size_t i = 0; i < 2; ++i) {   // before there are nodes
                    if (call.raw(i).rank < 0) throw Unsupported{"Dot(of an unknown rank)"};
                    if (keras_one_cosine && call.raw(i).rank != 2) throw Unsupported{"Merge(cos of matrices)"};
                }
                std::vector<Value> sources;
                int rank = 0;
                for (std::size_t i = 0; i < 2; ++i) {
                    Value x = with_axis_last(call, i, axes[i]);
                    if (normalize) x = call.add("layer_normalization", {{"statistics", "sum_of_squares"}, {"epsilon", least}, {"scale", false}, {"center", false}}, {x}, x.rank);
                    rank += x.rank - 2;
                    sources.push_back(x);
                }
                const Value y = call.add("dot", Json::object(), sources, std::max(rank + 1, 2));
                return keras_one_cosine ? call.add("reshape", {{"target_shape", {1, 1}}}, {y}, 3) : y;
            }};
}

/// tf.keras' calls of TensorFlow functions.
Translation tf_op_lambda(const Layer& layer, const Dialect& dialect) {
    const std::string function = word_or(layer, "function", "");
    struct Row { const char* name; Operator operation; };
    static constexpr Row rows[] = {{"__operators__.add", Operator::add}, {"math.add", Operator::add}, {"math.subtract", Operator::subtract},
                                   {"math.multiply", Operator::multiply}, {"math.truediv", Operator::divide}, {"math.divide", Operator::divide}};
    for (const Row& row : rows)
        if (function == row.name) return {{}, [operation = row.operation](Call& call) { return arithmetic(call, operation); }};
    if (function == "math.negative") return negative(layer, dialect);
    for (const char* known : {"nn.relu", "nn.relu6", "nn.elu", "nn.selu", "nn.silu", "nn.swish", "nn.softplus", "math.softplus", "nn.softsign", "nn.sigmoid", "math.sigmoid",
                              "nn.tanh", "math.tanh"}) {
        if (function != known) continue;
        const Layer named{.name = layer.name, .model = {}, .class_name = layer.class_name, .config = {{"activation", function.substr(function.find('.') + 1)}}, .calls = {}};
        const Json attributes = activation_of(named, dialect);
        return {{}, [attributes, function](Call& call) {
                    for (const auto& [key, value] : call.keywords().items())
                        if (key != "name" && !value.is_null()) throw Unsupported{function + "(" + key + ")"};
                    const Value x = call.raw();
                    return call.add("activation", attributes, {x}, x.rank);
                }};
    }
    throw Unsupported{"TFOpLambda(" + function + ")"};
}

}  // namespace assay::formats::keras::layers
