// Dense, reshaping, and the layers that do nothing when a network is only used.

#include "formats/keras_layer.hpp"

#include <algorithm>

namespace assay::formats::keras::layers {

using model::Role;

namespace {

Shape shape_from(const Layer& layer, const char* key, bool with_batch) {
    Shape shape;
    const Json& json = layer.config.at(key);
    for (std::size_t axis = with_batch ? 1 : 0; axis < json.size(); ++axis) {
        const Json& extent = json[axis];
        if (extent.is_null()) shape.push_back(-1);
        else if (extent.is_number_integer() && extent.get<std::int64_t>() >= 0) shape.push_back(extent.get<std::int64_t>());
        else throw bad_setting(layer, key, "extents that are positive or null");
    }
    return shape;
}

std::string dtype_of(const Json& dtype) {
    if (dtype.is_string()) return dtype.get<std::string>();
    if (dtype.is_object() && dtype.contains("config") && dtype["config"].is_object()) {
        const Json name = dtype["config"].value("name", Json());
        if (name.is_string()) return name.get<std::string>();
    }
    return "float32";
}

}  // namespace

Translation input(const Layer& layer, const Dialect&) {
    const char* key = layer.config.contains("batch_shape") ? "batch_shape" : "batch_input_shape";
    if (layer.config.contains("sparse") && layer.config["sparse"] == true) throw Unsupported{"InputLayer(sparse)"};
    if (!layer.config.contains(key) || !layer.config[key].is_array() || layer.config[key].empty()) throw Unsupported{"InputLayer(no shape)"};
    const Shape shape = shape_from(layer, key, true);
    const std::string dtype = dtype_of(layer.config.value("dtype", Json("float32")));
    return {{}, [shape, dtype](Call& call) {
                return call.add("input", {{"shape", shape}, {"dtype", dtype}}, {}, static_cast<int>(shape.size()) + 1);
            }};
}

Translation dense(const Layer& layer, const Dialect& dialect) {
    const std::int64_t units = integer(layer, "units");
    const bool use_bias = flag_or(layer, "use_bias", true);
    const Json activation = activation_of(layer, dialect);
    Translation result{{{Role::kernel, {-1, units}}}, {}};
    if (use_bias) result.weights.push_back({Role::bias, {units}});
    result.add_nodes = [units, use_bias, activation](Call& call) {
        const Value x = call.as_keras();
        return with_activation(call, activation, call.add("dense", {{"units", units}, {"use_bias", use_bias}}, {x}, x.rank, true));
    };
    return result;
}

Translation identity(const Layer& layer, const Dialect&) {
    Json attributes = {{"was", layer.class_name}};
    for (const char* key : {"rate", "stddev", "sigma"})
        if (layer.config.contains(key) && layer.config[key].is_number()) attributes["rate"] = layer.config[key];
    return {{}, [attributes](Call& call) {
                const Value value = call.raw();
                return call.add("identity", attributes, {value}, value.rank);
            }};
}

Translation flatten(const Layer& layer, const Dialect&) {
    // Only a file that says channels_first permutes: Keras before 2.1.6 had no such setting and flattened as stored.
    const bool first = word_or(layer, "data_format", "channels_last") == "channels_first";
    return {{}, [first](Call& call) {
                const int rank = call.raw().rank;
                if (first && rank != 2 && rank != 3 && rank != 4) throw Unsupported{"Flatten(channels_first)"};
                const Value x = first && rank > 2 ? call.channels_last() : call.as_keras();
                Value y = call.add("flatten", Json::object(), {x}, 2);
                y.channels_last = false;
                return y;
            }};
}

Translation reshape(const Layer& layer, const Dialect&) {
    const Json target = layer.config.value("target_shape", Json());
    if (!target.is_array()) throw bad_setting(layer, "target_shape", "a list of extents");
    Shape shape;
    for (const Json& extent : target) {
        if (!extent.is_number_integer() || extent.get<std::int64_t>() < -1) throw bad_setting(layer, "target_shape", "positive extents, at most one of them -1");
        shape.push_back(extent.get<std::int64_t>());
    }
    return {{}, [shape](Call& call) { return call.add("reshape", {{"target_shape", shape}}, {call.as_keras()}, static_cast<int>(shape.size()) + 1); }};
}

Translation repeat_vector(const Layer& layer, const Dialect&) {
    const std::int64_t count = integer(layer, "n");
    return {{}, [count](Call& call) { return call.add("repeat_vector", {{"count", count}}, {call.as_keras()}, 3); }};
}

Translation permute(const Layer& layer, const Dialect&) {
    const Json dims = layer.config.value("dims", Json());
    std::vector<std::int64_t> order;
    if (dims.is_array())
        for (const Json& axis : dims)
            if (axis.is_number_integer()) order.push_back(axis.get<std::int64_t>());
    std::vector<std::int64_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i)
        if (sorted[i] != static_cast<std::int64_t>(i) + 1) sorted.clear();
    if (sorted.empty()) throw bad_setting(layer, "dims", "an order of the axes 1, 2, ...");
    return {{}, [order](Call& call) {
                const Value x = call.as_keras();
                return call.add("permute", {{"order", order}}, {x}, x.rank);
            }};
}

}  // namespace assay::formats::keras::layers
