// Layers on images. The engine has channels last: a channels-first layer reads a permuted input, and its own output owes the
// permutation back until somebody needs Keras' order.

#include "formats/keras_layer.hpp"

namespace assay::formats::keras::layers {

using model::Role;

namespace {

std::string padding_of(const Layer& layer) {
    const std::string padding = word_or(layer, "padding", "valid");
    if (padding != "same" && padding != "valid") throw Unsupported{layer.class_name + "(padding " + padding + ")"};
    return padding;
}

Value image(Call& call, bool first) {
    const int rank = call.raw().rank;
    if (rank != 4 && rank != -1)
        throw Error(ErrorKind::format, {"layer " + call.layer().name + " (" + call.layer().class_name + ")", "an input with 4 axes", std::to_string(rank)});
    return first ? call.channels_last() : call.as_keras();
}

// [[top, bottom], [left, right]] from n, [a, b] or the pairs themselves.
Json paddings(const Layer& layer) {
    const Json& json = layer.config.contains("padding") ? layer.config["padding"] : Json(1);
    const auto amount = [&](const Json& part) {
        if (!part.is_number_integer() || part.get<std::int64_t>() < 0 || part.get<std::int64_t>() > 1'000'000'000) throw bad_setting(layer, "padding", "amounts of padding");
        return part;
    };
    Json result = Json::array();
    for (std::size_t axis = 0; axis < 2; ++axis) {
        if (json.is_array() && json.size() != 2) throw bad_setting(layer, "padding", "amounts for two axes");
        const Json& part = json.is_array() ? json[axis] : json;
        if (part.is_array() && part.size() != 2) throw bad_setting(layer, "padding", "amounts before and after");
        result.push_back(part.is_array() ? Json::array({amount(part[0]), amount(part[1])}) : Json::array({amount(part), amount(part)}));
    }
    return result;
}

}  // namespace

Translation conv2d(const Layer& layer, const Dialect& dialect) {
    const std::int64_t filters = integer(layer, "filters"), groups = integer_or(layer, "groups", 1);
    const auto kernel = pair(layer, "kernel_size");
    const auto strides = pair_or(layer, "strides", {1, 1}), dilation = pair_or(layer, "dilation_rate", {1, 1});
    const bool use_bias = flag_or(layer, "use_bias", true), first = channels_first(layer, dialect);
    const Json activation = activation_of(layer);
    if (first && activation.at("function") == "softmax") throw Unsupported{"Conv2D(channels_first, softmax)"};
    if (filters % groups != 0) throw bad_setting(layer, "groups", "a divisor of " + std::to_string(filters) + " filters");
    const Json attributes = {{"filters", filters}, {"kernel_size", kernel}, {"strides", strides}, {"dilation_rate", dilation},
                             {"groups", groups},   {"padding", padding_of(layer)}, {"use_bias", use_bias}};
    Translation result{{{Role::kernel, {kernel[0], kernel[1], -1, filters}, true, true}}, {}};
    if (use_bias) result.weights.push_back({Role::bias, {filters}});
    result.add_nodes = [=](Call& call) {
        return with_activation(call, activation, call.add("conv2d", attributes, {image(call, first)}, 4, true));
    };
    return result;
}

Translation pooling_2d(const Layer& layer, const Dialect& dialect) {
    const auto pool = pair_or(layer, "pool_size", {2, 2});
    const bool first = channels_first(layer, dialect);
    const Json attributes = {{"pool_size", pool}, {"strides", pair_or(layer, "strides", pool)}, {"padding", padding_of(layer)}};
    const std::string kind = layer.class_name == "MaxPooling2D" ? "max_pooling_2d" : "average_pooling_2d";
    return {{}, [=](Call& call) { return call.add(kind, attributes, {image(call, first)}, 4); }};
}

Translation global_average_pooling_2d(const Layer& layer, const Dialect& dialect) {
    const bool keepdims = flag_or(layer, "keepdims", false), first = channels_first(layer, dialect);
    return {{}, [=](Call& call) {
                Value y = call.add("global_average_pooling_2d", {{"keepdims", keepdims}}, {image(call, first)}, keepdims ? 4 : 2);
                y.channels_last = y.channels_last && keepdims;
                return y;
            }};
}

Translation zero_padding_2d(const Layer& layer, const Dialect& dialect) {
    const bool first = channels_first(layer, dialect);
    const Json padding = paddings(layer);
    return {{}, [=](Call& call) { return call.add("zero_padding_2d", {{"padding", padding}}, {image(call, first)}, 4); }};
}

Translation batch_normalization(const Layer& layer, const Dialect& dialect) {
    const bool center = flag_or(layer, "center", true), scale = flag_or(layer, "scale", true);
    if (flag_or(layer, "renorm", false)) throw Unsupported{"BatchNormalization(renorm)"};
    if (integer_or(layer, "mode", 0, 0) == 1) throw Unsupported{"BatchNormalization(mode 1)"};
    Json axis_json = layer.config.contains("axis") ? layer.config["axis"] : Json(-1);
    if (axis_json.is_array() && axis_json.size() == 1) axis_json = Json(axis_json[0]);
    if (axis_json.is_array()) throw Unsupported{"BatchNormalization(several axes)"};
    if (!axis_json.is_number_integer()) throw bad_setting(layer, "axis", "one axis");
    const std::int64_t axis = axis_json.get<std::int64_t>();
    const double epsilon = number_or(layer, "epsilon", dialect.major() == 1 ? 1e-6 : 1e-3);
    if (!(epsilon >= 0)) throw bad_setting(layer, "epsilon", "a number of at least 0");
    Translation result;
    if (scale) result.weights.push_back({Role::gamma, {-1}});
    if (center) result.weights.push_back({Role::beta, {-1}});
    result.weights.push_back({Role::moving_mean, {-1}, false});
    result.weights.push_back({Role::moving_variance, {-1}, false});
    result.add_nodes = [=](Call& call) {
        const int rank = call.raw().rank;
        const bool last = axis == -1 || axis == rank - 1 || rank == -1;
        const bool first = !last && rank >= 3 && rank <= 4 && (axis == 1 || axis == 1 - rank);
        if (!last && !first) throw Unsupported{"BatchNormalization(axis " + std::to_string(axis) + " of " + std::to_string(rank) + ")"};
        const Value x = first ? call.channels_last() : call.as_keras();
        return call.add("batch_normalization", {{"epsilon", epsilon}, {"axis", -1}, {"center", center}, {"scale", scale}}, {x}, rank, true);
    };
    return result;
}

}  // namespace assay::formats::keras::layers
