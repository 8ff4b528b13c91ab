// Activations as layers of their own.

#include "formats/keras_layer.hpp"

#include <numeric>

namespace assay::formats::keras::layers {
namespace {

/// Elementwise functions do not care where the channels are; softmax and its logarithm do, and work on the last axis of a vertex.
Translation pointwise(Json attributes, std::int64_t axis = -1) {
    return {{}, [attributes, axis](Call& call) {
                if (!acts_on_an_axis(attributes)) return call.add("activation", attributes, {call.raw()}, call.raw().rank);
                if (axis != -1 && call.raw().rank < 0) throw Unsupported{call.layer().class_name + "(axis " + std::to_string(axis) + " of an unknown rank)"};
                const Value x = call.as_keras();
                const std::int64_t counted = axis < 0 ? x.rank + axis : axis;
                if (axis == -1 || counted == x.rank - 1) return call.add("activation", attributes, {x}, x.rank);
                if (counted < 1 || counted >= x.rank) throw bad_setting(call.layer(), "axis", "an axis of a value with " + std::to_string(x.rank) + " axes");
                // The axis changes places with the last one; the same exchange leads back.
                std::vector<std::int64_t> order(static_cast<std::size_t>(x.rank - 1));
                std::iota(order.begin(), order.end(), std::int64_t{1});
                std::swap(order[static_cast<std::size_t>(counted - 1)], order.back());
                const Value moved = call.add("permute", {{"order", order}}, {x}, x.rank);
                return call.add("permute", {{"order", order}}, {call.add("activation", attributes, {moved}, x.rank)}, x.rank);
            }};
}

}  // namespace

Translation activation(const Layer& layer, const Dialect& dialect) { return pointwise(activation_of(layer, dialect)); }

/// ReLU, LeakyReLU, ThresholdedReLU, ELU, Softmax.
Translation activation_class(const Layer& layer, const Dialect&) {
    std::int64_t axis = -1;
    if (layer.class_name == "Softmax" && layer.config.contains("axis")) {
        Json given = layer.config["axis"];
        if (given.is_array() && given.size() == 1) given = given[0];
        if (given.is_array()) throw Unsupported{"Softmax(axis " + given.dump() + ")"};
        if (given.is_null()) throw Unsupported{"Softmax(over all axes)"};
        axis = integer_or(Layer{.name = layer.name, .model = {}, .class_name = layer.class_name, .config = {{"axis", given}}, .calls = {}}, "axis", -1, -64);
    }
    return pointwise(activation_layer(layer).value(), axis);
}

/// Keras 3's operations of functional models: keras.ops.relu(x) is a layer of class Relu.
Translation activation_operation(const Layer& layer, const Dialect& dialect) {
    Json config = layer.config;
    if (layer.class_name == "Gelu" && !config.contains("approximate")) config["approximate"] = true;   // not what the activation of that name does
    const std::string name = layer.class_name == "Exp" ? "exponential" : snake_case(layer.class_name);
    const Layer named{.name = layer.name, .model = {}, .class_name = layer.class_name, .config = {{"activation", {{"class_name", name}, {"config", config}}}}, .calls = {}};
    return pointwise(activation_of(named, dialect));
}

/// Its alpha has the input's shape, with 1 for shared axes; the weight says which these are.
Translation prelu(const Layer&, const Dialect&) {
    Translation result;
    result.weights.push_back({.role = model::Role::alpha, .shape = {}, .open = true});
    result.add_nodes = [](Call& call) {
        const Value x = call.as_keras();
        return call.add("prelu", Json::object(), {x}, x.rank, true);
    };
    return result;
}

}  // namespace assay::formats::keras::layers
