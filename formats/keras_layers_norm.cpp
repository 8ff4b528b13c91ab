// Normalisations of every kind, and rescaling by fixed numbers.

#include "formats/keras_layer.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace assay::formats::keras {

// Keras 3 cuts the norm off at 1e-12, before it was its square.
double least_square_norm(const Dialect& dialect) { return dialect.major() >= 3 ? 1e-24 : 1e-12; }

namespace layers {

using model::Role;

namespace {

/// Axes from a number or a list, as the config counts them. @throws Error{format}
std::vector<std::int64_t> axes_of(const Layer& layer, const char* key, std::vector<std::int64_t> otherwise) {
    if (!layer.config.contains(key)) return otherwise;
    const Json& json = layer.config[key];
    if (json.is_null()) return {};
    std::vector<std::int64_t> axes;
    for (const Json& axis : json.is_array() ? json : Json::array({json})) {
        if (!axis.is_number_integer() || axis.get<std::int64_t>() < -64 || axis.get<std::int64_t>() > 64) throw bad_setting(layer, key, "an axis or a list of axes");
        axes.push_back(axis.get<std::int64_t>());
    }
    return axes;
}

/// Ascending, counted with the batch axis, for a value with `rank` axes. @throws Error{format}
std::vector<std::int64_t> counted(const Layer& layer, std::vector<std::int64_t> axes, std::int64_t rank) {
    for (std::int64_t& axis : axes) {
        if (axis < 0) axis += rank;
        if (axis < 1 || axis >= rank) throw bad_setting(layer, "axis", "axes of a value with " + std::to_string(rank) + " axes, but for the batch axis");
    }
    std::sort(axes.begin(), axes.end());
    if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) throw bad_setting(layer, "axis", "axes that are different");
    return axes;
}

bool only_the_last(const std::vector<std::int64_t>& axes) { return axes.size() == 1 && axes[0] == -1; }

/// Adds a node that works on the last axes of its input, where those that the layer means are moved; `add` adds it.
template <class Add>
Value over_last_axes(Call& call, const std::vector<std::int64_t>& axes, Add&& add) {
    if (!only_the_last(axes) && call.raw().rank < 0) throw Unsupported{call.layer().class_name + "(axes of an unknown rank)"};
    const Value x = call.as_keras();
    if (only_the_last(axes)) return add(x);
    const std::vector<std::int64_t> meant = counted(call.layer(), axes, x.rank);
    std::vector<std::int64_t> order;
    for (std::int64_t axis = 1; axis < x.rank; ++axis)
        if (std::find(meant.begin(), meant.end(), axis) == meant.end()) order.push_back(axis);
    order.insert(order.end(), meant.begin(), meant.end());
    if (std::is_sorted(order.begin(), order.end())) return add(x);
    std::vector<std::int64_t> back(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) back[static_cast<std::size_t>(order[i] - 1)] = static_cast<std::int64_t>(i) + 1;
    const Value y = add(call.add("permute", {{"order", order}}, {x}, x.rank));
    return call.add("permute", {{"order", back}}, {y}, x.rank);
}

/// Adds a node that works on channels in the last axis, where the layer has them in `axis`.
Value over_channels(Call& call, std::int64_t axis, const std::string& kind, const Json& attributes, bool with_parameters) {
    const int rank = call.raw().rank;
    const bool first = (rank == 3 || rank == 4) && (axis == 1 || axis == 1 - rank);
    if (first) return call.add(kind, attributes, {call.channels_last()}, rank, with_parameters);   // what comes next may want them last too
    if (rank < 0) return call.add(kind, attributes, {call.as_keras()}, rank, with_parameters);
    return over_last_axes(call, {axis}, [&](const Value& x) { return call.add(kind, attributes, {x}, rank, with_parameters); });
}

double epsilon_of(const Layer& layer, double otherwise) {
    const double epsilon = number_or(layer, "epsilon", otherwise);
    if (!(epsilon >= 0)) throw bad_setting(layer, "epsilon", "a number of at least 0");
    return epsilon;
}

Translation over_rows(const Layer& layer, const std::string& statistics, double epsilon, bool scale, bool center) {
    const std::vector<std::int64_t> axes = axes_of(layer, "axis", {-1});
    if (axes.empty()) throw bad_setting(layer, "axis", "an axis or a list of axes");
    Json attributes = {{"epsilon", epsilon}, {"axis", -1}, {"scale", scale}, {"center", center}};
    if (axes.size() > 1) attributes["axes"] = axes.size();
    if (statistics != "mean_and_variance") attributes["statistics"] = statistics;
    Translation result;
    const Shape open(axes.size(), -1);
    if (scale) result.weights.push_back({.role = Role::gamma, .shape = open});
    if (center) result.weights.push_back({.role = Role::beta, .shape = open});
    result.add_nodes = [=](Call& call) {
        return over_last_axes(call, axes, [&](const Value& x) { return call.add("layer_normalization", attributes, {x}, x.rank, scale || center); });
    };
    return result;
}

/// One number, or one for every place in an axis. @throws Error{format}
std::optional<std::vector<double>> numbers(const Json& json) {
    std::vector<double> result;
    for (const Json& item : json.is_array() ? json : Json::array({json})) {
        if (!item.is_number()) return std::nullopt;
        result.push_back(item.get<double>());
    }
    return result.empty() ? std::nullopt : std::optional(result);
}

Json plain(const std::vector<double>& values) { return values.size() == 1 ? Json(values[0]) : Json(values); }

Value rescale(Call& call, const Json& scale, const Json& offset) {
    const Value x = scale.is_array() || offset.is_array() ? call.as_keras() : call.raw();
    return call.add("rescaling", {{"scale", scale}, {"offset", offset}}, {x}, x.rank);
}

}  // namespace

Translation batch_normalization(const Layer& layer, const Dialect& dialect) {
    const bool center = flag_or(layer, "center", true), scale = flag_or(layer, "scale", true);
    if (flag_or(layer, "renorm", false)) throw Unsupported{"BatchNormalization(renorm)"};
    if (integer_or(layer, "mode", 0, 0) == 1) throw Unsupported{"BatchNormalization(mode 1)"};
    const std::vector<std::int64_t> axes = axes_of(layer, "axis", {-1});
    if (axes.size() > 1) throw Unsupported{"BatchNormalization(several axes)"};
    if (axes.empty()) throw bad_setting(layer, "axis", "one axis");
    const double epsilon = epsilon_of(layer, dialect.major() == 1 ? 1e-6 : 1e-3);
    Translation result;
    if (scale) result.weights.push_back({.role = Role::gamma, .shape = {-1}});
    if (center) result.weights.push_back({.role = Role::beta, .shape = {-1}});
    result.weights.push_back({.role = Role::moving_mean, .shape = {-1}, .trainable = false});
    result.weights.push_back({.role = Role::moving_variance, .shape = {-1}, .trainable = false});
    result.add_nodes = [=](Call& call) {
        return over_channels(call, axes[0], "batch_normalization", {{"epsilon", epsilon}, {"axis", -1}, {"center", center}, {"scale", scale}}, true);
    };
    return result;
}

Translation layer_normalization(const Layer& layer, const Dialect&) {
    const bool center = flag_or(layer, "center", true), scale = flag_or(layer, "scale", true);
    const double epsilon = epsilon_of(layer, 1e-3);
    // Keras divides by the deviation then, without subtracting the mean, and has a scale and no offset.
    if (flag_or(layer, "rms_scaling", false)) return over_rows(layer, "variance", epsilon, true, false);
    return over_rows(layer, "mean_and_variance", epsilon, scale, center);
}

Translation rms_normalization(const Layer& layer, const Dialect&) { return over_rows(layer, "mean_square", epsilon_of(layer, 1e-6), true, false); }

Translation unit_normalization(const Layer& layer, const Dialect& dialect) {
    return over_rows(layer, "sum_of_squares", least_square_norm(dialect), false, false);
}

Translation group_normalization(const Layer& layer, const Dialect&) {
    const bool center = flag_or(layer, "center", true), scale = flag_or(layer, "scale", true);
    const std::int64_t groups = integer_or(layer, "groups", 32, -1);
    if (groups == 0) throw bad_setting(layer, "groups", "a positive number, or -1 for one channel a group");
    const std::vector<std::int64_t> axes = axes_of(layer, "axis", {-1});
    if (axes.size() != 1) throw bad_setting(layer, "axis", "one axis");
    const Json attributes = {{"groups", groups}, {"epsilon", epsilon_of(layer, 1e-3)}, {"center", center}, {"scale", scale}};
    Translation result;
    if (scale) result.weights.push_back({.role = Role::gamma, .shape = {-1}});
    if (center) result.weights.push_back({.role = Role::beta, .shape = {-1}});
    result.add_nodes = [=](Call& call) {
        return over_channels(call, axes[0], "group_normalization", attributes, scale || center);
    };
    return result;
}

/// (x - mean) / max(sqrt(variance), 1e-7): by weights that were adapted to data, or by numbers of the config.
Translation normalization(const Layer& layer, const Dialect&) {
    if (flag_or(layer, "invert", false)) throw Unsupported{"Normalization(invert)"};
    const std::vector<std::int64_t> axes = axes_of(layer, "axis", {-1});
    const Json mean = layer.config.value("mean", Json()), variance = layer.config.value("variance", Json());
    if (mean.is_null() != variance.is_null()) throw bad_setting(layer, "mean", "a mean with a variance, or neither");
    if (!mean.is_null()) {
        const auto means = numbers(mean), variances = numbers(variance);
        if (!means || !variances || means->size() != variances->size() || (means->size() > 1 && !only_the_last(axes)))
            throw Unsupported{"Normalization(a mean and a variance of more than the last axis)"};
        std::vector<double> scale, offset;
        for (std::size_t i = 0; i < means->size(); ++i) {
            if (!((*variances)[i] >= 0)) throw bad_setting(layer, "variance", "numbers of at least 0");
            scale.push_back(1 / std::max(std::sqrt((*variances)[i]), 1e-7));
            offset.push_back(-(*means)[i] * scale.back());
        }
        return {{}, [scale = plain(scale), offset = plain(offset)](Call& call) { return rescale(call, scale, offset); }};
    }
    const Shape open(axes.size(), -1);
    Translation result;
    result.weights = {{.role = Role::mean, .shape = open, .trainable = false}, {.role = Role::variance, .shape = open, .trainable = false},
                      {.role = Role::count, .shape = {}, .trainable = false}};
    const Json attributes = {{"axes", axes.size()}};
    result.add_nodes = [=](Call& call) {
        const auto node = [&](const Value& x) { return call.add_part("", "normalization", attributes, {x}, x.rank, call.parameters(0, 2)); };
        return axes.empty() ? node(call.raw()) : over_last_axes(call, axes, node);
    };
    return result;
}

Translation rescaling(const Layer& layer, const Dialect&) {
    const auto given = [&](const char* key, double otherwise) {
        const Json json = layer.config.contains(key) && !layer.config[key].is_null() ? layer.config[key] : Json(otherwise);
        const auto values = numbers(json);
        if (!values) throw bad_setting(layer, key, "a number, or one for every channel");
        return plain(*values);
    };
    return {{}, [scale = given("scale", 1), offset = given("offset", 0)](Call& call) { return rescale(call, scale, offset); }};
}

}  // namespace layers
}  // namespace assay::formats::keras
