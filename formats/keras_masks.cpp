#include "formats/keras_masks.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace assay::formats::keras {
namespace {

bool is_mask_operation(const Layer& layer) { return layer.class_name == "Any" || layer.class_name == "NotEqual"; }

bool same_tensor(const TensorReference& a, const TensorReference& b) { return a.layer == b.layer && a.node == b.node && a.tensor == b.tensor; }

// What x is compared with in x != c; empty where the layer is something else.
std::optional<double> compared_with(const Layer& layer) {
    if (layer.class_name != "NotEqual" || layer.calls.size() != 1 || layer.calls[0].size() != 1 || layer.keywords.size() != 1) return std::nullopt;
    if (!layer.keywords[0].is_object() || !layer.keywords[0].contains("args")) return std::nullopt;
    const Json& args = layer.keywords[0]["args"];
    return args.size() == 2 && args[1].is_number() ? std::optional(args[1].get<double>()) : std::nullopt;
}

bool makes_this_mask(const Layer& layer, double value, bool of_features) {
    if (layer.class_name == "Masking") return of_features && layer.config.value("mask_value", Json(0.0)) == Json(value);
    return layer.class_name == "Embedding" && !of_features && value == 0 && layer.config.value("mask_zero", Json(false)) == true;
}

}  // namespace

void drop_restated_masks(Graph& graph) {
    std::map<std::string, const Layer*> by_name;
    for (const Layer& layer : graph.layers) by_name[layer.name] = &layer;
    const auto restates = [&](const TensorReference& mask) {
        const auto found = by_name.find(mask.layer);
        const Layer* maker = found == by_name.end() ? nullptr : found->second;
        const bool of_features = maker && maker->class_name == "Any" && maker->calls.size() == 1 && maker->calls[0].size() == 1;
        if (of_features) {
            const auto inner = by_name.find(maker->calls[0][0].layer);
            maker = inner == by_name.end() ? nullptr : inner->second;
        }
        const std::optional<double> value = maker ? compared_with(*maker) : std::nullopt;
        return value && std::any_of(graph.layers.begin(), graph.layers.end(), [&](const Layer& layer) {
            return makes_this_mask(layer, *value, of_features) && std::any_of(layer.calls.begin(), layer.calls.end(), [&](const auto& call) {
                return call.size() == 1 && same_tensor(call[0], maker->calls[0][0]);
            });
        });
    };
    std::vector<std::vector<std::vector<TensorReference>>> kept;   // all are judged before any goes
    for (const Layer& layer : graph.layers) {
        kept.push_back(layer.calls);
        for (auto& call : kept.back())
            std::erase_if(call, [&](const TensorReference& input) { return (input.keyword == "mask" || input.keyword.ends_with("_mask")) && restates(input); });
    }
    for (std::size_t i = 0; i < graph.layers.size(); ++i) graph.layers[i].calls = std::move(kept[i]);
    for (int time = 0; time < 2; ++time) {   // Any, then the NotEqual that it read
        std::set<std::string> read;
        for (const Layer& layer : graph.layers)
            for (const auto& call : layer.calls)
                for (const TensorReference& input : call) read.insert(input.layer);
        for (const TensorReference& output : graph.outputs) read.insert(output.layer);
        std::erase_if(graph.layers, [&](const Layer& layer) { return is_mask_operation(layer) && !read.contains(layer.name); });
    }
}

}  // namespace assay::formats::keras
