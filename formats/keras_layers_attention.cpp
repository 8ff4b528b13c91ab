// MultiHeadAttention, Attention, AdditiveAttention, EinsumDense.

#include "formats/keras_layer.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace assay::formats::keras::layers {

using model::Role;

namespace {

/// A file's array under a canonical shape of as many values.
std::function<void(model::Tensor&)> flattened(std::size_t leading) {   // axes that stay apart; the others become one at the end
    return [leading](model::Tensor& tensor) {
        Shape shape(tensor.shape.begin(), tensor.shape.begin() + static_cast<std::ptrdiff_t>(leading));
        shape.push_back(element_count(std::span(tensor.shape).subspan(leading)));
        tensor.shape = shape;
    };
}

std::function<void(model::Tensor&)> flattened_before_last() {
    return [](model::Tensor& tensor) {
        const std::int64_t last = tensor.shape.back();
        tensor.shape = {element_count(std::span(tensor.shape).first(tensor.shape.size() - 1)), last};
    };
}

/// Query, value and, where it is another one, key, in this order. Keras names those that do not come by their place.
std::vector<Value> query_value_key(Call& call) {
    const std::string class_name = call.layer().class_name;
    std::optional<Value> query, value, key;
    std::size_t unnamed = 0;
    for (std::size_t i = 0; i < call.input_count(); ++i) {
        const std::string keyword = call.raw(i).keyword;
        const std::string name = !keyword.empty() ? keyword : unnamed == 0 ? "query" : unnamed == 1 ? "value" : unnamed == 2 ? "key" : "further input";
        unnamed += keyword.empty();
        std::optional<Value>* place = name == "query" ? &query : name == "value" ? &value : name == "key" ? &key : nullptr;
        if (!place || place->has_value()) throw Unsupported{class_name + "(" + name + ")"};
        *place = call.as_keras(i);
        if ((*place)->rank != 3 && (*place)->rank != -1) throw Unsupported{class_name + "(of values with " + std::to_string((*place)->rank) + " axes)"};
    }
    if (!query || !value)
        throw Error(ErrorKind::format, {"layer " + call.layer().name + " (" + class_name + ")", "a query and a value", std::to_string(call.input_count()) + " inputs"});
    if (call.keyword("return_attention_scores")) throw Unsupported{class_name + "(return_attention_scores)"};
    std::vector<Value> inputs{*query, *value};
    if (key && key->vertex != value->vertex) inputs.push_back(*key);
    return inputs;
}

Json attention_attributes(const Call& call, const char* masked) {
    Json attributes = {{"causal", call.keyword("use_causal_mask") || flag_or(call.layer(), "causal", false)}, {"masked", masked}};
    return attributes;
}

bool only_axis_one(const Json& axes) {
    return axes.is_null() || axes == 1 || (axes.is_array() && axes.size() == 1 && axes[0] == 1);
}

}  // namespace

// Nodes: dense query, key and value, the attention of all heads side by side, dense output. Kernels [in, heads, width] are [in, heads width], as
// those nodes use them, and the output's is [heads width, out].
Translation multi_head_attention(const Layer& layer, const Dialect& dialect) {
    const std::int64_t heads = integer(layer, "num_heads"), key_width = integer(layer, "key_dim"), value_width = integer_or(layer, "value_dim", key_width);
    const bool use_bias = flag_or(layer, "use_bias", true);
    if (layer.config.contains("attention_axes") && !only_axis_one(layer.config["attention_axes"])) throw Unsupported{"MultiHeadAttention(attention_axes)"};
    if (flag_or(layer, "use_gate", false)) throw Unsupported{"MultiHeadAttention(use_gate)"};
    if (layer.config.contains("sliding_window") && !layer.config["sliding_window"].is_null()) throw Unsupported{"MultiHeadAttention(sliding_window)"};
    if (layer.config.contains("output_shape") && layer.config["output_shape"].is_array() && layer.config["output_shape"].size() > 1)
        throw Unsupported{"MultiHeadAttention(output_shape of several axes)"};
    Translation result;
    struct Part { const char* name; const char* group; std::int64_t width; };
    for (const Part& part : {Part{"query", "query_dense", key_width}, Part{"key", "key_dense", key_width}, Part{"value", "value_dense", value_width}}) {
        result.weights.push_back({.role = Role::kernel, .shape = {-1, heads, part.width}, .part = part.name, .config = {}, .convert = flattened(1), .group = part.group, .named = true});
        if (use_bias) result.weights.push_back({.role = Role::bias, .shape = {heads, part.width}, .part = part.name, .config = {}, .convert = flattened(0), .group = part.group, .named = true});
    }
    result.weights.push_back({.role = Role::kernel, .shape = {heads, value_width, -1}, .part = "attention_output", .config = {}, .convert = flattened_before_last(), .group = "output_dense", .named = true});
    if (use_bias) result.weights.push_back({.role = Role::bias, .shape = {-1}, .part = "attention_output", .config = {}, .convert = {}, .group = "output_dense", .named = true});
    // What a query sees that is masked itself: Keras 3 takes another way under dropout, also where it drops nothing.
    const char* masked = dialect.major() >= 3 && number_or(layer, "dropout", 0) > 0 ? "weights" : "scores";
    result.add_nodes = [=](Call& call) {
        const std::vector<Value> inputs = query_value_key(call);
        const std::size_t each = use_bias ? 2 : 1;
        const auto dense = [&](const char* part, std::size_t index, std::int64_t units, const Value& x) {
            return call.add_part(part, "dense", {{"units", units}, {"use_bias", use_bias}}, {x}, 3, call.parameters(index * each, each));
        };
        const Value query = dense("query", 0, heads * key_width, inputs[0]), key = dense("key", 1, heads * key_width, inputs.back());
        const Value value = dense("value", 2, heads * value_width, inputs[1]);
        Json attributes = attention_attributes(call, masked);
        attributes["heads"] = heads;
        attributes["factor"] = 1 / std::sqrt(static_cast<double>(key_width));
        const Value mixed = call.add_part("attention", "attention", attributes, {query, value, key}, 3);
        return dense("attention_output", 3, call.shape_of(3 * each).back(), mixed);
    };
    return result;
}

Translation attention(const Layer& layer, const Dialect&) {
    const bool scaled = flag_or(layer, "use_scale", false);
    if (word_or(layer, "score_mode", "dot") != "dot") throw Unsupported{"Attention(score_mode " + word_or(layer, "score_mode", "dot") + ")"};
    Translation result;
    if (scaled) result.weights.push_back({.role = Role::other, .shape = {}, .part = "scale"});
    result.add_nodes = [scaled](Call& call) {
        const std::vector<Value> inputs = query_value_key(call);
        Json attributes = attention_attributes(call, "output");
        attributes["use_scale"] = scaled;
        return call.add("attention", attributes, inputs, 3, true);
    };
    return result;
}

Translation additive_attention(const Layer& layer, const Dialect&) {
    const bool scaled = flag_or(layer, "use_scale", true);
    Translation result;
    if (scaled) result.weights.push_back({.role = Role::other, .shape = {-1}, .part = "scale"});
    result.add_nodes = [scaled](Call& call) {
        const std::vector<Value> inputs = query_value_key(call);
        Json attributes = attention_attributes(call, "output");
        attributes["use_scale"] = scaled;
        return call.add("additive_attention", attributes, inputs, 3, true);
    };
    return result;
}

// A contraction of the last axes of the input with the first of the kernel, "...x,xy->...y" or "abcd,cde->abe": a dense layer between reshapes.
Translation einsum_dense(const Layer& layer, const Dialect& dialect) {
    const std::string equation = word_or(layer, "equation", "");
    const auto refuse = [&](const std::string& what) { return Unsupported{"EinsumDense(" + what + ")"}; };
    std::string letters;
    for (const char c : equation)
        if (c != ' ') letters += c;
    const std::size_t comma = letters.find(','), arrow = letters.find("->");
    if (comma == std::string::npos || arrow == std::string::npos || arrow < comma) throw bad_setting(layer, "equation", "an equation such as ab,bc->ac");
    std::string input = letters.substr(0, comma), output = letters.substr(arrow + 2);
    const std::string kernel = letters.substr(comma + 1, arrow - comma - 1);
    const bool open = input.starts_with("...") && output.starts_with("...");
    if (open) {
        input.erase(0, 3);
        output.erase(0, 3);
    }
    std::size_t contracted = 0;   // letters that the kernel shares with the end of the input
    while (contracted < std::min(kernel.size(), input.size()) && kernel.substr(0, contracted + 1) != input.substr(input.size() - contracted - 1)) ++contracted;
    ++contracted;
    const bool fits = contracted <= std::min(kernel.size(), input.size()) && contracted < kernel.size();
    const std::string kept = fits ? input.substr(0, input.size() - contracted) : "", made = fits ? kernel.substr(contracted) : "";
    const std::string all = kept + kernel;
    if (!fits || output != kept + made || std::set<char>(all.begin(), all.end()).size() != all.size() || (!open && kept.empty())) throw refuse("equation " + equation);
    const Json bias_axes = layer.config.value("bias_axes", Json());
    const bool use_bias = bias_axes.is_string() && !bias_axes.get<std::string>().empty();
    if (use_bias && bias_axes.get<std::string>() != made) throw refuse("bias_axes " + bias_axes.get<std::string>());
    const Json declared = layer.config.value("output_shape", Json());
    std::vector<std::int64_t> extents;   // of what is made, at the end of the output's shape
    if (declared.is_number_integer()) extents = {declared.get<std::int64_t>()};
    if (declared.is_array())
        for (const Json& extent : declared) extents.push_back(extent.is_number_integer() ? extent.get<std::int64_t>() : -1);
    if (extents.size() < made.size()) throw bad_setting(layer, "output_shape", "an extent for every axis of the output but the first");
    extents.erase(extents.begin(), extents.end() - static_cast<std::ptrdiff_t>(made.size()));
    if (std::any_of(extents.begin(), extents.end(), [](std::int64_t extent) { return extent < 1; })) throw bad_setting(layer, "output_shape", "positive extents at its end");
    const Json activation = activation_of(layer, dialect);

    Translation result;
    Shape shape(contracted, -1);
    shape.insert(shape.end(), extents.begin(), extents.end());
    result.weights.push_back({.role = Role::kernel, .shape = shape, .part = {}, .config = {}, .convert = [contracted](model::Tensor& tensor) {
        const std::span<const std::int64_t> axes(tensor.shape);
        tensor.shape = {element_count(axes.first(contracted)), element_count(axes.subspan(contracted))};
    }});
    if (use_bias) result.weights.push_back({.role = Role::bias, .shape = extents, .part = {}, .config = {}, .convert = flattened(0)});
    result.add_nodes = [=](Call& call) {
        Value x = call.as_keras();
        if (!open && x.rank != -1 && x.rank != static_cast<int>(input.size())) throw Unsupported{"EinsumDense(equation " + equation + ")"};
        const int rank = x.rank < 0 ? static_cast<int>(open ? -1 : static_cast<int>(input.size())) : x.rank;
        const int before = rank - 1 - static_cast<int>(contracted);   // axes that stay, without the batch axis
        const bool joins = contracted > 1, splits = made.size() > 1;
        if ((joins || splits) && (rank < 0 || before > 1)) throw Unsupported{"EinsumDense(equation " + equation + ", of several axes that stay)"};
        const auto reshaped = [&](const Value& value, const std::vector<std::int64_t>& last) {
            Shape target(static_cast<std::size_t>(before), -1);
            target.insert(target.end(), last.begin(), last.end());
            return call.add("reshape", {{"target_shape", target}}, {value}, static_cast<int>(target.size()) + 1);
        };
        if (joins) x = reshaped(x, {call.shape_of(0)[0]});
        Value y = call.add("dense", {{"units", call.shape_of(0)[1]}, {"use_bias", use_bias}}, {x}, rank < 0 ? -1 : before + 2, true);
        if (splits) y = reshaped(y, extents);
        return with_activation(call, activation, y);
    };
    return result;
}

}  // namespace assay::formats::keras::layers
