#include "libanalysis/measures/folded.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/convolution_shape.hpp"

#include <cmath>
#include <map>
#include <optional>

namespace assay::measures {
namespace {

[[noreturn]] void refuse(const model::Node& node, std::string expected) {
    throw Error(ErrorKind::unsupported, {"layer " + node.layer + " (" + node.layer_class + ")", std::move(expected), "another place"});
}

std::optional<std::size_t> find(const model::Model& model, const model::Node& node, model::Role role) {
    for (const std::size_t i : node.parameters)
        if (model.parameters[i].role == role) return i;
    return std::nullopt;
}

std::vector<double> values(const model::Weights& weights, std::optional<std::size_t> parameter, std::size_t count, double otherwise) {
    return parameter ? weights[*parameter].to_double() : std::vector<double>(count, otherwise);
}

void set(model::Weights& weights, std::optional<std::size_t> parameter, std::vector<double> values) {
    if (parameter) weights[*parameter].values = std::move(values);
}

void fold(const model::Model& model, const model::Node& before, const model::Node& node, model::Weights& weights) {
    using model::Role;
    const std::size_t kernel = before.parameters.at(0);
    const auto bias = find(model, before, Role::bias);
    const auto gamma = find(model, node, Role::gamma), beta = find(model, node, Role::beta);
    const auto mean = find(model, node, Role::moving_mean), variance = find(model, node, Role::moving_variance);
    const double epsilon = node.attributes.value("epsilon", 1e-3);
    const std::vector<double> means = weights[mean.value()].to_double();
    const std::size_t channels = means.size();
    std::vector<double> scale = values(weights, gamma, channels, 1), shift = values(weights, beta, channels, 0);
    const std::vector<double> variances = values(weights, variance, channels, 1), biases = values(weights, bias, channels, 0);
    for (std::size_t c = 0; c < channels; ++c) {
        scale[c] /= std::sqrt(variances[c] + epsilon);
        shift[c] += scale[c] * (biases[c] - means[c]);
    }
    std::vector<double> matrix = weights[kernel].to_double();
    for (std::size_t i = 0; i < matrix.size(); ++i) matrix[i] *= scale.at(engine::output_channel(before, weights[kernel].shape, i));
    set(weights, kernel, std::move(matrix));
    set(weights, gamma, std::vector<double>(channels, 1.0));
    set(weights, variance, std::vector<double>(channels, 1 - epsilon));
    const std::vector<double> zeros(channels, 0.0);
    set(weights, bias, zeros);
    set(weights, beta, zeros);
    set(weights, mean, zeros);
    if (!bias && !beta)
        for (double& x : shift) x = -x;
    set(weights, bias ? bias : beta ? beta : mean, std::move(shift));
}

}  // namespace

bool has_normalisation(const model::Model& model) {
    if (!model.architecture) return false;
    const model::Graph& graph = model.architecture->graph;
    for (std::size_t vertex = 0; vertex < boost::num_vertices(graph); ++vertex)
        if (graph[vertex].kind == "batch_normalization") return true;
    return false;
}

model::Weights folded(const model::Model& model, const model::Weights& weights) {
    model::Weights result = weights;
    if (!model.architecture) throw Error(ErrorKind::missing, {"model", "an architecture", "weights only"});
    const model::Architecture& architecture = *model.architecture;
    std::map<std::size_t, int> uses;   // of a parameter
    for (std::size_t vertex = 0; vertex < boost::num_vertices(architecture.graph); ++vertex)
        for (const std::size_t parameter : architecture.graph[vertex].parameters) ++uses[parameter];
    for (const std::size_t vertex : architecture.topological_order()) {
        const model::Node& node = architecture.graph[vertex];
        if (node.kind != "batch_normalization") continue;
        const std::size_t before_vertex = architecture.inputs_of(vertex).at(0);
        const model::Node& before = architecture.graph[before_vertex];
        if ((!engine::is_convolution(before) && before.kind != "dense") || boost::out_degree(before_vertex, architecture.graph) != 1)
            refuse(node, "a convolution or dense layer directly before it, with no other consumer, to fold it into");
        for (const model::Node* one : {&before, &node})
            for (const std::size_t parameter : one->parameters)
                if (uses[parameter] > 1) refuse(*one, "a layer that is used once, to fold its normalisation");
        fold(model, before, node, result);
    }
    return result;
}

}  // namespace assay::measures
