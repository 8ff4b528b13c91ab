// Embedding, recurrence, LayerNormalization.

#include "formats/keras_layer.hpp"

namespace assay::formats::keras::layers {

using model::Role;

Translation embedding(const Layer& layer, const Dialect&) {
    const std::int64_t vocabulary = integer(layer, "input_dim"), width = integer(layer, "output_dim");
    const bool mask_zero = flag_or(layer, "mask_zero", false);
    return {{{Role::embeddings, {vocabulary, width}}}, [=](Call& call) {
                const Value x = call.as_keras();
                return call.add("embedding", {{"input_dim", vocabulary}, {"output_dim", width}, {"mask_zero", mask_zero}}, {x}, x.rank < 0 ? -1 : x.rank + 1, true);
            }};
}

Translation simple_rnn(const Layer& layer, const Dialect&) {
    const std::int64_t units = integer(layer, "units");
    const bool use_bias = flag_or(layer, "use_bias", true), sequences = flag_or(layer, "return_sequences", false);
    const bool backwards = flag_or(layer, "go_backwards", false);
    if (flag_or(layer, "return_state", false)) throw Unsupported{"SimpleRNN(return_state)"};
    if (flag_or(layer, "stateful", false)) throw Unsupported{"SimpleRNN(stateful)"};
    const Json activation = layer.config.contains("activation") ? activation_of(layer) : Json{{"function", "tanh"}};
    if (activation.at("function") == "softmax" || activation.at("function") == "elu") throw Unsupported{"SimpleRNN(" + activation.at("function").get<std::string>() + ")"};
    const Json attributes = {{"units", units}, {"activation", activation.at("function")}, {"return_sequences", sequences}, {"go_backwards", backwards}, {"use_bias", use_bias}};
    Translation result{{{Role::kernel, {-1, units}}, {Role::recurrent_kernel, {units, units}}}, {}};
    if (use_bias) result.weights.push_back({Role::bias, {units}});
    result.add_nodes = [attributes, sequences](Call& call) {
        if (call.input_count() > 1) throw Unsupported{"SimpleRNN(initial state)"};
        return call.add("simple_rnn", attributes, {call.as_keras()}, sequences ? 3 : 2, true);
    };
    return result;
}

Translation layer_normalization(const Layer& layer, const Dialect&) {
    const bool center = flag_or(layer, "center", true), scale = flag_or(layer, "scale", true);
    if (flag_or(layer, "rms_scaling", false)) throw Unsupported{"LayerNormalization(rms_scaling)"};
    Json axis_json = layer.config.contains("axis") ? layer.config["axis"] : Json(-1);
    if (axis_json.is_array() && axis_json.size() == 1) axis_json = Json(axis_json[0]);
    if (axis_json.is_array()) throw Unsupported{"LayerNormalization(several axes)"};
    if (!axis_json.is_number_integer()) throw bad_setting(layer, "axis", "one axis");
    const std::int64_t axis = axis_json.get<std::int64_t>();
    const double epsilon = number_or(layer, "epsilon", 1e-3);
    if (!(epsilon >= 0)) throw bad_setting(layer, "epsilon", "a number of at least 0");
    Translation result;
    if (scale) result.weights.push_back({Role::gamma, {-1}});
    if (center) result.weights.push_back({Role::beta, {-1}});
    result.add_nodes = [=](Call& call) {
        const Value x = call.as_keras();
        if (axis != -1 && axis != x.rank - 1 && x.rank != -1) throw Unsupported{"LayerNormalization(axis " + std::to_string(axis) + ")"};
        return call.add("layer_normalization", {{"epsilon", epsilon}, {"axis", -1}, {"center", center}, {"scale", scale}}, {x}, x.rank, true);
    };
    return result;
}

}  // namespace assay::formats::keras::layers
