// Keras' activations: by name, as an object with parameters, or as a layer of their own.

#include "formats/keras_layer.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace assay::formats::keras {
namespace {

/// Parameters of a function that a config may give, with Keras' defaults; {Keras' key, the engine's key, default}.
struct Setting { const char* key; const char* name; double otherwise; };
struct Function {
    std::string_view name;                    ///< Keras'
    std::string_view function;                ///< the engine's
    std::array<Setting, 2> settings{};
};

constexpr std::array functions{
    Function{"linear", "linear"}, Function{"relu", "relu"}, Function{"tanh", "tanh"}, Function{"sigmoid", "sigmoid"}, Function{"softmax", "softmax"},
    Function{"log_softmax", "log_softmax"}, Function{"elu", "elu", {{{"alpha", "alpha", 1.0}}}}, Function{"selu", "selu"},
    Function{"celu", "celu", {{{"alpha", "alpha", 1.0}}}}, Function{"gelu", "gelu"}, Function{"softplus", "softplus"}, Function{"softsign", "softsign"},
    Function{"log_sigmoid", "log_sigmoid"}, Function{"exponential", "exponential"}, Function{"silu", "silu"}, Function{"swish", "silu"}, Function{"mish", "mish"},
    Function{"hard_silu", "hard_silu"}, Function{"hard_swish", "hard_silu"}, Function{"hard_tanh", "hard_tanh"}, Function{"tanh_shrink", "tanh_shrink"},
    Function{"soft_shrink", "soft_shrink", {{{"threshold", "threshold", 0.5}}}}, Function{"hard_shrink", "hard_shrink", {{{"threshold", "threshold", 0.5}}}},
    Function{"threshold", "threshold", {{{"threshold", "threshold", 0.0}, {"default_value", "value", 0.0}}}},
    Function{"squareplus", "squareplus", {{{"b", "b", 4.0}}}}, Function{"sparse_plus", "sparse_plus"},
    Function{"leaky_relu", "leaky_relu", {{{"negative_slope", "negative_slope", 0.2}}}}, Function{"square", "square"},
};

/// max_value (absent: none) for values above threshold, negative_slope (x - threshold) below.
Json rectified(const Layer& settings, double slope, double threshold) {
    const bool capped = settings.config.contains("max_value") && !settings.config["max_value"].is_null();
    if (!capped && threshold == 0) return slope == 0 ? Json{{"function", "relu"}} : Json{{"function", "leaky_relu"}, {"negative_slope", slope}};
    Json result = {{"function", "general_relu"}, {"negative_slope", slope}, {"threshold", threshold}};
    if (capped) result["max_value"] = number_or(settings, "max_value", 0);
    return result;
}

/// The function `name` with the parameters that `settings` gives. @throws Unsupported
Json named(const std::string& name, const Layer& settings, const Dialect& dialect, const std::string& owner) {
    if (name == "hard_sigmoid") return {{"function", name}, {"slope", dialect.major() >= 3 ? 1.0 / 6 : 0.2}};
    if (name == "sparse_sigmoid") return {{"function", "hard_sigmoid"}, {"slope", 0.5}};
    if (name == "relu6") return {{"function", "general_relu"}, {"negative_slope", 0.0}, {"threshold", 0.0}, {"max_value", 6.0}};
    if (name == "relu") return rectified(settings, number_or(settings, "negative_slope", number_or(settings, "alpha", 0)), number_or(settings, "threshold", 0));
    if (name == "gelu" && flag_or(settings, "approximate", false)) return {{"function", "gelu_tanh"}};
    for (const Function& function : functions) {
        if (function.name != name) continue;
        Json result = {{"function", function.function}};
        for (const Setting& setting : function.settings)
            if (setting.key) result[setting.name] = number_or(settings, setting.key, setting.otherwise);
        if (acts_on_an_axis(result) && integer_or(settings, "axis", -1, -64) != -1) throw Unsupported{owner + "(" + name + " of another axis)"};
        return result;
    }
    throw Unsupported{owner + "(" + name + ")"};
}

}  // namespace

bool is_activation(std::string_view name) {
    return std::any_of(functions.begin(), functions.end(), [&](const Function& function) { return function.name == name; });
}

bool acts_on_an_axis(const Json& activation) { return activation.at("function") == "softmax" || activation.at("function") == "log_softmax"; }

std::optional<Json> activation_layer(const Layer& layer) {
    if (layer.class_name == "ReLU") return rectified(layer, number_or(layer, "negative_slope", 0), number_or(layer, "threshold", 0));
    if (layer.class_name == "LeakyReLU") return rectified(layer, number_or(layer, "negative_slope", number_or(layer, "alpha", 0.3)), 0);
    if (layer.class_name == "ThresholdedReLU") return rectified(layer, 0, number_or(layer, "theta", 1));
    if (layer.class_name == "ELU") return Json{{"function", "elu"}, {"alpha", number_or(layer, "alpha", 1)}};
    if (layer.class_name == "Softmax") return Json{{"function", "softmax"}};
    return std::nullopt;
}

Json activation_of(const Layer& layer, const Dialect& dialect, const char* key, const char* fallback) {
    Json given = layer.config.contains(key) ? layer.config[key] : Json(fallback);
    if (given.is_null()) given = "linear";
    Layer settings{.name = layer.name, .model = {}, .class_name = layer.class_name, .config = Json::object(), .calls = {}};
    if (given.is_string()) {
        settings.class_name = given.get<std::string>();
    } else if (given.is_object() && given.value("class_name", Json()).is_string()) {
        // {"class_name": "function", "config": "relu"}; {"class_name": "LeakyReLU", "config": {...}}; {"class_name": "Mish", ...}
        const Json config = given.value("config", Json());
        settings.class_name = config.is_string() ? config.get<std::string>() : given["class_name"].get<std::string>();
        if (config.is_object()) settings.config = config;
    } else {
        throw bad_setting(layer, key, "the name of an activation, or its class_name and config");
    }
    const std::size_t package = settings.class_name.rfind('>');
    if (package != std::string::npos) throw Unsupported{layer.class_name + "(" + settings.class_name + ")"};   // somebody's own
    if (const auto as_layer = activation_layer(settings)) {
        if (acts_on_an_axis(*as_layer) && settings.config.contains("axis") && !settings.config["axis"].is_number()) throw Unsupported{layer.class_name + "(softmax of other axes)"};
        if (acts_on_an_axis(*as_layer) && integer_or(settings, "axis", -1, -64) != -1) throw Unsupported{layer.class_name + "(softmax of another axis)"};
        return *as_layer;
    }
    std::string name = settings.class_name;
    if (name == "Activation") return activation_of(settings, dialect);
    if (!given.is_string() && name == "Mish") name = "mish";   // Keras 3's operation
    return named(name, settings, dialect, layer.class_name);
}

Json function_word(const Json& activation) { return activation.size() == 1 ? activation.at("function") : activation; }

Value with_activation(Call& call, const Json& activation, Value value) {
    if (activation.at("function") == "linear") return value;
    return call.add("activation", activation, {value}, value.rank);
}

}  // namespace assay::formats::keras
