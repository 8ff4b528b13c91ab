// BatchNormalization, of the last axis or of the channels that come first.

#include "formats/keras_layer.hpp"

namespace assay::formats::keras::layers {

using model::Role;

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
