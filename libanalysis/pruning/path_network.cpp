#include "libanalysis/pruning/path_network.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/convolution_shape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace assay::pruning {
namespace {

constexpr std::array<std::string_view, 23> plain_kinds{
    "activation", "adaptive_average_pooling_2d", "add", "average_pooling_1d", "average_pooling_2d", "concatenate", "cropping_1d", "cropping_2d",
    "flatten", "global_average_pooling_1d", "global_average_pooling_2d", "global_max_pooling_1d", "global_max_pooling_2d", "identity", "input",
    "max_pooling_1d", "max_pooling_2d", "permute", "reshape", "up_sampling_1d", "up_sampling_2d", "zero_padding_1d", "zero_padding_2d"};

/// The pooling over the same windows in which every value counts.
std::string mean_of(const std::string& pooling) {
    const std::size_t at = pooling.find("max_pooling");
    return at == std::string::npos ? pooling : pooling.substr(0, at) + "average" + pooling.substr(at + 3);
}

std::string where_of(const model::Node& node) { return "layer " + node.layer + " (" + node.layer_class + ")"; }

[[noreturn]] void refuse(const model::Node& node, std::string expected) {
    throw Error(ErrorKind::unsupported, {where_of(node), std::move(expected), node.kind});
}

Shape input_shape(const model::Model& model, std::size_t vertex, const std::vector<Shape>& given) {
    const model::Architecture& architecture = *model.architecture;
    const model::Node& node = architecture.graph[vertex];
    Shape shape = node.attributes.at("shape").get<Shape>();
    const auto place = std::find(architecture.inputs.begin(), architecture.inputs.end(), vertex) - architecture.inputs.begin();
    if (static_cast<std::size_t>(place) < given.size()) shape = given[static_cast<std::size_t>(place)];
    if (std::any_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent < 1; }))
        throw Error(ErrorKind::data, {model.path + ", " + where_of(node), "known extents", "shape " + to_string(shape), "Give data, whose rows have a shape."});
    return shape;
}

/// |gamma| / sqrt(variance + epsilon) of every channel.
std::vector<double> normalisation_scale(const model::Model& model, const model::Weights& weights, const model::Node& node) {
    std::vector<double> scale, variance;
    for (const std::size_t i : node.parameters) {
        if (model.parameters.at(i).role == model::Role::gamma) scale = weights.at(i).to_double();
        if (model.parameters.at(i).role == model::Role::moving_variance) variance = weights.at(i).to_double();
    }
    if (scale.empty()) scale.assign(variance.size(), 1.0);
    const double epsilon = node.attributes.value("epsilon", 1e-3);
    for (std::size_t c = 0; c < scale.size(); ++c) {
        scale[c] = std::abs(scale[c]) / std::sqrt(variance.at(c) + epsilon);
        if (!std::isfinite(scale[c])) throw Error(ErrorKind::data, {where_of(node), "a finite scale", "channel " + std::to_string(c) + " has none"});
    }
    return scale;
}

void flatten_to_bits(std::vector<double>& values) {
    for (double& value : values) value = value > 0 ? 1 : 0;
}

}  // namespace

bool passes_paths(std::string_view kind) { return std::find(plain_kinds.begin(), plain_kinds.end(), kind) != plain_kinds.end(); }

PathNetwork::PathNetwork(const model::Model& model, const model::Weights& weights, engine::Backend& backend, const std::vector<Shape>& input_shapes, Kind kind)
    : backend_(backend), kind_(kind) {
    if (!model.architecture) throw Error(ErrorKind::missing, {model.path, "an architecture", "weights only"});
    const model::Architecture& architecture = *model.architecture;
    for (const model::Parameter& parameter : model.parameters) parameter_sizes_.push_back(static_cast<std::size_t>(element_count(parameter.shape)));
    std::vector<std::size_t> step_of(boost::num_vertices(architecture.graph));
    for (const std::size_t vertex : architecture.topological_order()) {
        const model::Node& node = architecture.graph[vertex];
        Step step{.name = where_of(node), .layer = nullptr, .sources = {}, .parameters = {}, .scale = {}, .size = 1, .shape = {}};
        engine::LayerSpec spec{.where = model.path + ", " + where_of(node), .attributes = node.attributes, .inputs = {}, .parameters = {}};
        for (const std::size_t source : architecture.inputs_of(vertex)) {
            step.sources.push_back(step_of[source]);
            spec.inputs.push_back(steps_[step_of[source]].shape);
        }
        std::string kind_of_layer = node.kind;
        if (node.kind == "input") {
            step.shape = input_shape(model, vertex, input_shapes);
            kind_of_layer.clear();
        } else if (node.kind == "dense" || engine::is_convolution(node)) {
            step.parameters = node.parameters;
            for (const std::size_t parameter : node.parameters) spec.parameters.push_back(model.parameters.at(parameter).shape);
        } else if (node.kind == "batch_normalization" || node.kind == "rescaling") {
            step.shape = spec.inputs.at(0);
            if (node.kind == "rescaling") step.scale.assign(static_cast<std::size_t>(step.shape.back()), std::abs(node.attributes.value("scale", 1.0)));
            else step.scale = normalisation_scale(model, weights, node);
            kind_of_layer.clear();
        } else if (!passes_paths(node.kind)) {
            refuse(node, "a layer that adds up paths");
        } else if (node.kind == "activation") {
            if (node.attributes.value("function", "") == "softmax" && boost::out_degree(vertex, architecture.graph) > 0) refuse(node, "a pointwise activation between layers");
            step.shape = spec.inputs.at(0);
            kind_of_layer.clear();
        } else if (kind == Kind::reachability) {
            kind_of_layer = mean_of(node.kind);
        }
        if (!kind_of_layer.empty()) {
            step.layer = engine::make_layer(kind_of_layer, spec);
            step.shape = step.layer->output_shape();
        }
        step.size = static_cast<std::size_t>(element_count(step.shape));
        step_of[vertex] = steps_.size();
        steps_.push_back(std::move(step));
    }
    for (const std::size_t output : architecture.outputs) outputs_.push_back(step_of[output]);
}

/// What a step without a layer gives.
std::vector<double> PathNetwork::values_of(const Step& step, const std::vector<std::vector<double>>& values) const {
    if (step.sources.empty()) return std::vector<double>(step.size, 1.0);
    std::vector<double> result = values[step.sources[0]];
    if (!step.scale.empty())
        for (std::size_t i = 0; i < result.size(); ++i) result[i] *= step.scale[i % step.scale.size()];
    return result;
}

PathNetwork::Flow PathNetwork::flow(const Scores& kernels) const {
    // Everything that the reverse pass reads of the forward one.
    std::vector<std::vector<double>> values(steps_.size()), deltas(steps_.size());
    struct Kept { std::vector<engine::Buffer> inputs, parameters, saved; engine::Buffer output; engine::Frame frame; };
    std::vector<Kept> kept(steps_.size());
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        const Step& step = steps_[i];
        if (!step.layer) {
            values[i] = values_of(step, values);
        } else {
            Kept& now = kept[i];
            now.frame.batch = 1;
            for (const std::size_t source : step.sources) {
                now.inputs.push_back(upload(values[source]));
                now.frame.inputs.push_back(now.inputs.back().const_view());
                now.frame.masks.emplace_back();
            }
            for (std::size_t k = 0; k < step.parameters.size(); ++k) {
                const std::size_t parameter = step.parameters[k];
                if (k == 0 && kernels.at(parameter).size() != parameter_sizes_[parameter])
                    throw Error(ErrorKind::internal, {step.name, std::to_string(parameter_sizes_[parameter]) + " values of its kernel", std::to_string(kernels[parameter].size())});
                now.parameters.push_back(k == 0 ? upload(kernels.at(parameter)) : backend_.zeros(engine::DType::float64, parameter_sizes_[parameter]));
                now.frame.parameters.push_back(now.parameters.back().const_view());
            }
            now.output = backend_.allocate(engine::DType::float64, step.size);
            now.frame.output = now.output.view();
            now.frame.saved = &now.saved;
            if (step.layer->aliases_input()) backend_.copy(now.frame.inputs[0], now.frame.output);
            else step.layer->forward(backend_, now.frame);
            values[i] = backend_.to_host(now.output.const_view());
        }
        if (kind_ == Kind::reachability) flatten_to_bits(values[i]);
    }

    Flow result;
    result.slopes.resize(parameter_sizes_.size());
    for (std::size_t i = 0; i < kernels.size(); ++i) result.slopes[i].assign(kernels[i].size(), 0.0);
    for (const std::size_t output : outputs_) {
        for (const double value : values[output]) result.total += value;
        deltas[output].assign(steps_[output].size, 1.0);
    }
    if (!std::isfinite(result.total)) throw Error(ErrorKind::data, {"sum over all paths", "a finite number", "an overflow", "Weights of this size leave no order among paths."});

    for (std::size_t i = steps_.size(); i-- > 0;) {
        const Step& step = steps_[i];
        if (deltas[i].empty()) continue;   // leads to no output
        if (kind_ == Kind::reachability) flatten_to_bits(deltas[i]);
        const auto add = [&](std::size_t source, const std::vector<double>& gradient) {
            deltas[source].resize(steps_[source].size, 0.0);
            for (std::size_t k = 0; k < gradient.size(); ++k) deltas[source][k] += gradient[k];
        };
        if (!step.layer) {
            if (step.sources.empty()) continue;
            if (!step.scale.empty())
                for (std::size_t k = 0; k < deltas[i].size(); ++k) deltas[i][k] *= step.scale[k % step.scale.size()];
            add(step.sources[0], deltas[i]);
            continue;
        }
        const engine::Buffer gy = upload(deltas[i]);
        if (step.layer->aliases_input()) {
            add(step.sources[0], deltas[i]);
            continue;
        }
        std::vector<engine::Buffer> gx, gw;
        std::vector<engine::View> gx_views, gw_views;
        for (const std::size_t source : step.sources) gx.push_back(backend_.zeros(engine::DType::float64, steps_[source].size));
        for (engine::Buffer& buffer : gx) gx_views.push_back(buffer.view());
        if (!step.parameters.empty()) {
            gw.push_back(backend_.zeros(engine::DType::float64, parameter_sizes_[step.parameters[0]]));
            gw_views.assign(step.parameters.size(), engine::View{});
            gw_views[0] = gw[0].view();
        }
        step.layer->backward(backend_, kept[i].frame, gy.const_view(), gx_views, gw_views);
        for (std::size_t k = 0; k < gx.size(); ++k) add(step.sources[k], backend_.to_host(gx[k].const_view()));
        if (!gw.empty()) {
            const std::vector<double> slopes = backend_.to_host(gw[0].const_view());
            std::vector<double>& sum = result.slopes[step.parameters[0]];
            for (std::size_t k = 0; k < slopes.size(); ++k) sum.at(k) += slopes[k];
        }
        kept[i] = {};
    }
    return result;
}

Masks on_paths(const model::Model& model, const model::Weights& weights, const Masks& kept, engine::Backend& backend, const std::vector<Shape>& input_shapes) {
    const PathNetwork network(model, weights, backend, input_shapes, PathNetwork::Kind::reachability);
    Scores kernels(kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i) kernels[i].assign(kept[i].begin(), kept[i].end());
    const PathNetwork::Flow flow = network.flow(kernels);
    Masks result(kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i) {
        result[i].resize(kept[i].size());
        for (std::size_t k = 0; k < kept[i].size(); ++k) result[i][k] = kept[i][k] != 0 && flow.slopes[i][k] > 0;
    }
    return result;
}

}  // namespace assay::pruning
