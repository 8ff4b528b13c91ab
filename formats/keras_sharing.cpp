#include "formats/keras_sharing.hpp"

#include "libanalysis/core/error.hpp"

#include <map>
#include <optional>
#include <vector>

namespace assay::formats::keras {
namespace {

// The config with the layer's own name in it, without the marks of what is shared: initialisers, policies of types, inner layers.
void drop_marks(Json& json) {
    if (json.is_object()) json.erase("shared_object_id");
    if (json.is_structured())
        for (Json& part : json) drop_marks(part);
}

std::string identity_of(const Layer& layer) {
    Json config = layer.config;
    drop_marks(config);
    return layer.class_name + " " + config.dump();
}

}  // namespace

void join_shared_layers(Graph& graph, const std::function<bool(const std::string& place)>& has_arrays) {
    std::map<std::string, std::vector<std::size_t>> stored;   // layers with arrays by what they are
    std::vector<std::size_t> absent;
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
        const Layer& layer = graph.layers[i];
        if (!layer.place.empty() && has_arrays(layer.place)) stored[identity_of(layer)].push_back(i);
        else if (layer.shared_object && layer.class_name != "InputLayer") absent.push_back(i);
    }
    struct Joined { std::string name; std::size_t first_call; };
    std::map<std::string, Joined> joined;
    std::vector<bool> gone(graph.layers.size(), false);
    for (const std::size_t i : absent) {
        Layer& layer = graph.layers[i];
        const auto candidates = stored.find(identity_of(layer));
        if (candidates == stored.end()) continue;   // it has no weights, or they are missing
        // Keras leaves out the mark of an object inside a model that is shared as a whole, where it is met first.
        std::optional<std::size_t> same;
        for (const std::size_t k : candidates->second) {
            const auto& mark = graph.layers[k].shared_object;
            if (mark && mark != layer.shared_object) continue;
            if (same)
                throw Error(ErrorKind::format, {"layer " + layer.name, "one layer that it may be the same as, since the file has no arrays for it",
                                                graph.layers[*same].name + " and " + graph.layers[k].name, "Save the model as HDF5: model.save(\"model.h5\")."});
            same = k;
        }
        if (!same) continue;
        Layer& first = graph.layers[*same];
        joined[layer.name] = {first.name, first.calls.size()};
        first.keywords.resize(first.calls.size());
        layer.keywords.resize(layer.calls.size());
        first.calls.insert(first.calls.end(), layer.calls.begin(), layer.calls.end());
        first.keywords.insert(first.keywords.end(), layer.keywords.begin(), layer.keywords.end());
        gone[i] = true;
    }
    if (joined.empty()) return;
    const auto follow = [&](TensorReference& reference) {
        if (const auto found = joined.find(reference.layer); found != joined.end()) {
            reference.layer = found->second.name;
            reference.node += found->second.first_call;
        }
    };
    std::vector<Layer> kept;
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
        if (gone[i]) continue;
        for (auto& call : graph.layers[i].calls)
            for (TensorReference& input : call) follow(input);
        kept.push_back(std::move(graph.layers[i]));
    }
    for (TensorReference& output : graph.outputs) follow(output);
    graph.layers = std::move(kept);
}

const Layer* namesake_of(const Graph& graph, const Layer& layer) {
    const std::string identity = identity_of(layer);
    for (const Layer& other : graph.layers)
        if (&other != &layer && other.class_name == layer.class_name && identity_of(other) == identity) return &other;
    return nullptr;
}

bool is_marked_shared(const Layer& layer) {
    const Json inner = layer.config.is_object() ? layer.config.value("layer", Json()) : Json();
    return layer.shared_object || (inner.is_object() && inner.contains("shared_object_id"));
}

}  // namespace assay::formats::keras
