#include "libanalysis/engine/outline.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/layer.hpp"

#include <algorithm>
#include <set>

namespace assay::engine {
namespace {

std::optional<Shape> input_shape(const model::Node& node, const std::vector<Shape>& given, std::size_t index) {
    if (index < given.size()) return given[index];
    const auto declared = node.attributes.find("shape");
    if (declared == node.attributes.end() || !declared->is_array()) return std::nullopt;
    Shape shape;
    for (const Json& extent : *declared) {
        if (!extent.is_number_integer() || extent.get<std::int64_t>() < 1) return std::nullopt;
        shape.push_back(extent.get<std::int64_t>());
    }
    return shape;
}

// Kernel, stride and dilation of a sliding window, by the attributes that all such layers share. Nothing for other layers.
struct Slide { std::vector<double> size, stride, dilation; };
std::optional<Slide> slide_of(const model::Node& node) {
    const char* key = node.attributes.contains("kernel_size") ? "kernel_size" : node.attributes.contains("pool_size") ? "pool_size" : nullptr;
    if (!key) return std::nullopt;
    const auto numbers = [&](const char* name) {
        std::vector<double> values;
        const auto found = node.attributes.find(name);
        if (found != node.attributes.end() && found->is_array())
            for (const Json& value : *found)
                if (value.is_number()) values.push_back(value.get<double>());
        return values;
    };
    Slide slide{numbers(key), numbers("strides"), numbers("dilation_rate")};
    if (slide.stride.empty()) slide.stride.assign(slide.size.size(), 1);
    if (slide.dilation.empty()) slide.dilation.assign(slide.size.size(), 1);
    return slide;
}

// Layers that mix cells in no way of their own, so that the field is that of what they read.
bool keeps_cells(const model::Node& node, const std::optional<Shape>& before, const std::optional<Shape>& after) {
    static const std::set<std::string> moving{"dot", "permute", "reshape", "flatten", "adaptive_average_pooling_2d", "up_sampling_1d", "up_sampling_2d", "repeat_vector"};
    if (moving.contains(node.kind)) return false;
    return before && after && before->size() == after->size() && before->size() >= 2;
}

// Layers whose every output cell may read all input cells.
bool mixes_all(const model::Node& node) {
    static const std::set<std::string> mixing{"additive_attention", "attention", "group_normalization", "gru", "lstm", "simple_rnn"};
    return mixing.contains(node.kind) || (node.kind == "layer_normalization" && node.attributes.value("axes", 1) > 1);
}

class Walk {
public:
    Walk(const model::Model& model, const std::vector<Shape>& shapes) : model_(model), graph_(model.architecture->graph), given_(shapes) {}

    std::vector<NodeOutline> run() {
        outlines_.resize(boost::num_vertices(graph_));
        for (const std::size_t vertex : model_.architecture->topological_order()) visit(vertex);
        return std::move(outlines_);
    }

private:
    void visit(std::size_t vertex) {
        const model::Node& node = graph_[vertex];
        NodeOutline& here = outlines_[vertex];
        if (node.kind == "input") {
            const auto& inputs = model_.architecture->inputs;
            here.shape = input_shape(node, given_, static_cast<std::size_t>(std::find(inputs.begin(), inputs.end(), vertex) - inputs.begin()));
            if (here.shape && here.shape->size() >= 2) here.field.resize(std::min<std::size_t>(here.shape->size() - 1, 2));
            return;
        }
        const std::vector<std::size_t> sources = model_.architecture->inputs_of(vertex);
        if (node.kind == "unsupported") {
            here.problem = "Assay has no such layer";
            return;
        }
        LayerSpec spec{.where = "layer " + (node.layer.empty() ? node.name : node.layer), .attributes = node.attributes, .inputs = {}, .parameters = {}};
        for (const std::size_t source : sources) {
            if (!outlines_[source].shape) return;   // nothing to say about it, and nothing wrong with it
            spec.inputs.push_back(*outlines_[source].shape);
        }
        for (const std::size_t parameter : node.parameters) spec.parameters.push_back(model_.parameters.at(parameter).shape);
        try {
            const std::unique_ptr<Layer> layer = make_layer(node.kind, spec);
            here.shape = layer->output_shape();
            here.madds = layer->madds();
        } catch (const Error& error) {
            here.problem = error.what();
            return;
        }
        look_back(node, sources, here);
    }

    void look_back(const model::Node& node, const std::vector<std::size_t>& sources, NodeOutline& here) const {
        if (sources.empty()) return;
        for (const std::size_t source : sources) here.sees_all = here.sees_all || outlines_[source].sees_all;
        here.sees_all = here.sees_all || mixes_all(node);
        if (here.sees_all || node.kind == "time_distributed") return;   // of the latter's cells some are time, some not
        std::vector<Reach> before = outlines_[sources[0]].field;
        for (const std::size_t source : sources) {   // of several the one that looks back farthest
            const std::vector<Reach>& other = outlines_[source].field;
            if (other.size() != before.size()) return;
            for (std::size_t axis = 0; axis < before.size(); ++axis)
                if (other[axis].size > before[axis].size) before[axis] = other[axis];
        }
        const std::optional<Shape>& from = outlines_[sources[0]].shape;
        if (const auto slide = slide_of(node); slide && node.kind.find("transpose") == std::string::npos) {
            if (slide->size.size() != before.size()) return;
            for (std::size_t axis = 0; axis < before.size(); ++axis) {
                before[axis].size += slide->dilation[axis] * (slide->size[axis] - 1) * before[axis].step;
                before[axis].step *= slide->stride[axis];
            }
            here.field = std::move(before);
        } else if (!before.empty() && (node.kind == "flatten" || node.kind.starts_with("global_"))) {
            here.sees_all = true;
        } else if (!slide && keeps_cells(node, from, here.shape)) {
            here.field = std::move(before);
        }
    }

    const model::Model& model_;
    const model::Graph& graph_;
    const std::vector<Shape>& given_;
    std::vector<NodeOutline> outlines_;
};

}  // namespace

std::vector<NodeOutline> outline(const model::Model& model, const std::vector<Shape>& input_shapes) {
    return model.architecture ? Walk(model, input_shapes).run() : std::vector<NodeOutline>{};
}

}  // namespace assay::engine
