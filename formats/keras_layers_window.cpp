// Layers that slide a window over images or over time, or that pad, cut or enlarge them. The engine has channels last: a channels-first
// layer reads a permuted input, and its own output owes the permutation back until somebody needs Keras' order.

#include "formats/keras_layer.hpp"

namespace assay::formats::keras::layers {

using model::Role;

namespace {

std::size_t axes_of(const Layer& layer) { return layer.class_name.find("1D") != std::string::npos ? 1 : 2; }

/// Layers over time that do not say it have their channels last, whatever images have: Keras 1 knew no other.
bool is_channels_first(const Layer& layer, const Dialect& dialect) { return channels_first(layer, axes_of(layer) == 1 ? Dialect{} : dialect); }

/// "max_pooling_1d" or "max_pooling_2d", by the layer's axes.
std::string of_axes(const std::string& kind, const Layer& layer) { return kind + (axes_of(layer) == 1 ? "1d" : "2d"); }

/// One positive integer an axis; for two axes one may stand for both.
std::vector<std::int64_t> sizes(const Layer& layer, const char* key) {
    if (axes_of(layer) == 2) return pair(layer, key);
    Layer single = layer;
    if (layer.config.contains(key) && layer.config[key].is_array() && layer.config[key].size() == 1) single.config[key] = layer.config[key][0];
    return {integer(single, key)};
}

std::vector<std::int64_t> sizes_or(const Layer& layer, const char* key, std::vector<std::int64_t> fallback) {
    const bool absent = !layer.config.contains(key) || layer.config[key].is_null();
    return absent ? std::move(fallback) : sizes(layer, key);
}

std::vector<std::int64_t> ones(const Layer& layer) { return std::vector<std::int64_t>(axes_of(layer), 1); }

std::string padding_of(const Layer& layer, bool may_be_causal = false) {
    const std::string padding = word_or(layer, "padding", "valid");
    if (padding != "same" && padding != "valid" && !(padding == "causal" && may_be_causal)) throw Unsupported{layer.class_name + "(padding " + padding + ")"};
    return padding;
}

/// [[before, after], ..] by axis, from n, from one entry an axis, or for one axis from [before, after].
Json borders(const Layer& layer, const char* key, std::int64_t fallback) {
    const Json& json = layer.config.contains(key) ? layer.config[key] : Json(fallback);
    const std::string expected = axes_of(layer) == 1 ? "amounts before and after" : "amounts for two axes, before and after";
    const auto amount = [&](const Json& part) {
        if (!part.is_number_integer() || part.get<std::int64_t>() < 0 || part.get<std::int64_t>() > 1'000'000'000) throw bad_setting(layer, key, expected);
        return part;
    };
    // `of` each entry of a pair, or twice of what is none.
    const auto pair = [&](const Json& part, const auto& of) {
        if (part.is_array() && part.size() != 2) throw bad_setting(layer, key, expected);
        Json result = Json::array();
        for (std::size_t i = 0; i < 2; ++i) result.push_back(of(part.is_array() ? part[i] : part));
        return result;
    };
    const auto both = [&](const Json& part) { return pair(part, amount); };
    if (axes_of(layer) != 1) return pair(json, both);
    Json result = Json::array();
    result.push_back(both(json));
    return result;
}

int rank_of(const Layer& layer) { return static_cast<int>(axes_of(layer)) + 2; }

/// The input with its channels last.
Value image(Call& call, bool first) {
    const int rank = call.raw().rank, wanted = rank_of(call.layer());
    if (rank != wanted && rank != -1)
        throw Error(ErrorKind::format, {"layer " + call.layer().name + " (" + call.layer().class_name + ")", "an input with " + std::to_string(wanted) + " axes", std::to_string(rank)});
    return first ? call.channels_last() : call.as_keras();
}

/// The layer's activation; one over the channels cannot wait for a permutation that is owed.
Json activation_over(const Layer& layer, const Dialect& dialect, bool first) {
    const Json activation = activation_of(layer, dialect);
    if (first && acts_on_an_axis(activation)) throw Unsupported{layer.class_name + "(channels_first, softmax)"};
    return activation;
}

/// A layer without weights that becomes one node.
Translation plain(const Layer& layer, const Dialect& dialect, const std::string& kind, const Json& attributes) {
    const bool first = is_channels_first(layer, dialect);
    const int rank = rank_of(layer);
    return {{}, [=](Call& call) { return call.add(kind, attributes, {image(call, first)}, rank); }};
}

// Nobody has said whether Theano's depthwise kernels are flipped as its others are.
void refuse_theano(const Layer& layer, const Dialect& dialect) {
    if (dialect.backend == "theano") throw Unsupported{layer.class_name + "(of Theano)"};
}

/// What the depthwise part of a layer has in common.
Json depthwise_attributes(const Layer& layer, bool use_bias) {
    return {{"kernel_size", sizes(layer, "kernel_size")}, {"depth_multiplier", integer_or(layer, "depth_multiplier", 1)},
            {"strides", sizes_or(layer, "strides", ones(layer))}, {"dilation_rate", sizes_or(layer, "dilation_rate", ones(layer))},
            {"padding", padding_of(layer, axes_of(layer) == 1)}, {"use_bias", use_bias}};
}

WeightSpec kernel_of(Role role, Shape shape, std::initializer_list<std::int64_t> channels, bool convolution) {
    shape.insert(shape.end(), channels);
    return {.role = role, .shape = std::move(shape), .convolution = convolution};
}

}  // namespace

Translation convolution(const Layer& layer, const Dialect& dialect) {
    const std::int64_t filters = integer(layer, "filters"), groups = integer_or(layer, "groups", 1);
    const std::vector<std::int64_t> size = sizes(layer, "kernel_size");
    const bool use_bias = flag_or(layer, "use_bias", true), first = is_channels_first(layer, dialect);
    const Json activation = activation_over(layer, dialect, first);
    if (filters % groups != 0) throw bad_setting(layer, "groups", "a divisor of " + std::to_string(filters) + " filters");
    const Json attributes = {{"filters", filters}, {"kernel_size", size}, {"strides", sizes_or(layer, "strides", ones(layer))},
                             {"dilation_rate", sizes_or(layer, "dilation_rate", ones(layer))}, {"groups", groups},
                             {"padding", padding_of(layer, axes_of(layer) == 1)}, {"use_bias", use_bias}};
    Translation result{{kernel_of(Role::kernel, size, {-1, filters}, true)}, {}};
    if (use_bias) result.weights.push_back({Role::bias, {filters}});
    const std::string kind = of_axes("conv", layer);
    const int rank = rank_of(layer);
    result.add_nodes = [=](Call& call) { return with_activation(call, activation, call.add(kind, attributes, {image(call, first)}, rank, true)); };
    return result;
}

Translation transposed_convolution(const Layer& layer, const Dialect& dialect) {
    if (layer.config.contains("output_shape") && !layer.config["output_shape"].is_null()) throw Unsupported{layer.class_name + "(output_shape)"};   // Keras 1
    const std::int64_t filters = integer(layer, "filters");
    const std::vector<std::int64_t> size = sizes(layer, "kernel_size");
    const bool use_bias = flag_or(layer, "use_bias", true), first = is_channels_first(layer, dialect);
    const Json activation = activation_over(layer, dialect, first);
    Json attributes = {{"filters", filters}, {"kernel_size", size}, {"strides", sizes_or(layer, "strides", ones(layer))},
                       {"dilation_rate", sizes_or(layer, "dilation_rate", ones(layer))}, {"padding", padding_of(layer)}, {"use_bias", use_bias}};
    if (layer.config.contains("output_padding") && !layer.config["output_padding"].is_null()) {
        Json extra = layer.config["output_padding"];
        if (!extra.is_array()) extra = Json(std::vector<Json>(axes_of(layer), extra));
        bool good = extra.size() == axes_of(layer);
        for (const Json& one : extra) good = good && one.is_number_integer() && one >= 0 && one < 1'000'000'000;
        if (!good) throw bad_setting(layer, "output_padding", "an amount for each axis");
        attributes["output_padding"] = extra;
    }
    Translation result{{kernel_of(Role::kernel, size, {filters, -1}, true)}, {}};
    if (use_bias) result.weights.push_back({Role::bias, {filters}});
    const std::string kind = of_axes("conv", layer) + "_transpose";
    const int rank = rank_of(layer);
    result.add_nodes = [=](Call& call) { return with_activation(call, activation, call.add(kind, attributes, {image(call, first)}, rank, true)); };
    return result;
}

Translation depthwise_convolution(const Layer& layer, const Dialect& dialect) {
    refuse_theano(layer, dialect);
    const bool use_bias = flag_or(layer, "use_bias", true), first = is_channels_first(layer, dialect);
    const Json activation = activation_over(layer, dialect, first), attributes = depthwise_attributes(layer, use_bias);
    Translation result{{kernel_of(Role::depthwise_kernel, sizes(layer, "kernel_size"), {-1, attributes.at("depth_multiplier").get<std::int64_t>()}, false)}, {}};
    if (use_bias) result.weights.push_back({Role::bias, {-1}});
    const std::string kind = of_axes("depthwise_conv", layer);
    const int rank = rank_of(layer);
    result.add_nodes = [=](Call& call) { return with_activation(call, activation, call.add(kind, attributes, {image(call, first)}, rank, true)); };
    return result;
}

// A depthwise convolution without a bias, then one that mixes the channels of each cell.
Translation separable_convolution(const Layer& layer, const Dialect& dialect) {
    refuse_theano(layer, dialect);
    const std::int64_t filters = integer(layer, "filters");
    const bool use_bias = flag_or(layer, "use_bias", true), first = is_channels_first(layer, dialect);
    const Json activation = activation_over(layer, dialect, first), depthwise = depthwise_attributes(layer, false);
    const Json pointwise = {{"filters", filters}, {"kernel_size", ones(layer)}, {"strides", ones(layer)}, {"dilation_rate", ones(layer)}, {"groups", 1},
                            {"padding", "valid"}, {"use_bias", use_bias}};
    Translation result{{kernel_of(Role::depthwise_kernel, sizes(layer, "kernel_size"), {-1, depthwise.at("depth_multiplier").get<std::int64_t>()}, false),
                        kernel_of(Role::pointwise_kernel, ones(layer), {-1, filters}, false)}, {}};
    if (use_bias) result.weights.push_back({Role::bias, {filters}});
    const std::string kind = of_axes("conv", layer);
    const int rank = rank_of(layer);
    result.add_nodes = [=](Call& call) {
        const Value x = call.add_part("", "depthwise_" + kind, depthwise, {image(call, first)}, rank, call.parameters(0, 1));
        return with_activation(call, activation, call.add_part("", kind, pointwise, {x}, rank, call.parameters(1, use_bias ? 2 : 1)));
    };
    return result;
}

Translation pooling(const Layer& layer, const Dialect& dialect) {
    const auto pool = sizes_or(layer, "pool_size", std::vector<std::int64_t>(axes_of(layer), 2));
    return plain(layer, dialect, of_axes(layer.class_name.starts_with("Max") ? "max_pooling_" : "average_pooling_", layer),
                 {{"pool_size", pool}, {"strides", sizes_or(layer, "strides", pool)}, {"padding", padding_of(layer)}});
}

Translation global_pooling(const Layer& layer, const Dialect& dialect) {
    const bool keepdims = flag_or(layer, "keepdims", false), first = is_channels_first(layer, dialect);
    const std::string kind = of_axes(layer.class_name.starts_with("GlobalMax") ? "global_max_pooling_" : "global_average_pooling_", layer);
    const int rank = keepdims ? rank_of(layer) : 2;
    return {{}, [=](Call& call) {
                Value y = call.add(kind, {{"keepdims", keepdims}}, {image(call, first)}, rank);
                y.channels_last = y.channels_last && keepdims;
                return y;
            }};
}

Translation zero_padding(const Layer& layer, const Dialect& dialect) {
    return plain(layer, dialect, of_axes("zero_padding_", layer), {{"padding", borders(layer, "padding", 1)}});
}

Translation cropping(const Layer& layer, const Dialect& dialect) {
    return plain(layer, dialect, of_axes("cropping_", layer), {{"cropping", borders(layer, "cropping", axes_of(layer) == 1 ? 1 : 0)}});
}

Translation up_sampling(const Layer& layer, const Dialect& dialect) {
    const auto size = sizes_or(layer, "size", std::vector<std::int64_t>(axes_of(layer), 2));
    if (axes_of(layer) == 1) return plain(layer, dialect, "up_sampling_1d", {{"size", size}});
    const std::string interpolation = word_or(layer, "interpolation", "nearest");
    if (interpolation != "nearest" && interpolation != "bilinear") throw Unsupported{"UpSampling2D(" + interpolation + ")"};
    // Keras by itself still took the corners of cells for their centres, until tf.keras took TensorFlow 2's interpolation.
    if (interpolation == "bilinear" && dialect.version.starts_with("2.2.") && !dialect.version.ends_with("-tf")) throw Unsupported{"UpSampling2D(bilinear of Keras 2.2)"};
    return plain(layer, dialect, "up_sampling_2d", {{"size", size}, {"interpolation", interpolation}});
}

}  // namespace assay::formats::keras::layers
