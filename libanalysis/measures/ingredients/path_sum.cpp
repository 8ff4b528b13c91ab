#include "libanalysis/measures/ingredients/path_sum.hpp"

#include "libanalysis/engine/tape.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

#include <boost/graph/adjacency_list.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace assay::measures::ingredients {
namespace {

// Layers without weights that map sums of paths to sums of paths (or, for max pooling, choose among them).
constexpr std::array<std::string_view, 12> plain_kinds{
    "activation", "add", "average_pooling_2d", "concatenate", "flatten", "global_average_pooling_2d",
    "identity", "input", "max_pooling_2d", "permute", "reshape", "zero_padding_2d"};

[[noreturn]] void refuse(const model::Node& node, std::string expected) {
    throw Error(ErrorKind::unsupported, {"layer " + node.layer + " (" + node.layer_class + ")", std::move(expected), node.kind});
}

std::vector<double> values_with_role(const model::Model& model, const model::Node& node, model::Role role, std::size_t channels, double otherwise) {
    for (const std::size_t i : node.parameters)
        if (model.parameters[i].role == role) return model.weights[i].to_double();
    return std::vector<double>(channels, otherwise);
}

void set(const model::Model& model, const model::Node& node, model::Role role, const std::vector<double>& values, model::Weights& weights) {
    for (const std::size_t i : node.parameters)
        if (model.parameters[i].role == role) weights[i].values = values;
}

bool has(const model::Model& model, const model::Node& node, model::Role role) {
    return std::any_of(node.parameters.begin(), node.parameters.end(), [&](std::size_t i) { return model.parameters[i].role == role; });
}

/// Squares one BatchNormalization with the layer before it. Folded, they are W s and beta + s (b - mean) with s = gamma /
/// sqrt(variance + epsilon); squared, W^2 s^2 and (beta + s (b - mean))^2. So the layer before keeps W^2 without a bias, and
/// the normalisation is given parameters with which it multiplies by s^2 and adds the squared folded bias.
void square_folded(const model::Model& model, const model::Architecture& architecture, std::size_t vertex, model::Weights& weights) {
    const model::Node& node = architecture.graph[vertex];
    const std::size_t before_vertex = architecture.inputs_of(vertex).at(0);
    const model::Node& before = architecture.graph[before_vertex];
    if ((before.kind != "conv2d" && before.kind != "dense") || boost::out_degree(before_vertex, architecture.graph) != 1)
        refuse(node, "a convolution or dense layer directly before it, with no other consumer, to fold it into");
    const auto mean = values_with_role(model, node, model::Role::moving_mean, 0, 0);
    const std::size_t channels = mean.size();
    const auto variance = values_with_role(model, node, model::Role::moving_variance, channels, 1);
    const auto gamma = values_with_role(model, node, model::Role::gamma, channels, 1);
    const auto beta = values_with_role(model, node, model::Role::beta, channels, 0);
    const auto bias = values_with_role(model, before, model::Role::bias, channels, 0);
    const double epsilon = node.attributes.value("epsilon", 1e-3);
    std::vector<double> scale(channels), shift(channels);
    for (std::size_t c = 0; c < channels; ++c) {
        const double s = gamma[c] / std::sqrt(variance[c] + epsilon);
        scale[c] = s * s;
        const double folded = beta[c] + s * (bias.at(c) - mean[c]);
        shift[c] = folded * folded;
    }
    set(model, before, model::Role::bias, std::vector<double>(channels, 0.0), weights);
    // y = gamma' (x - mean') / sqrt(variance' + epsilon) + beta' with what the layer has: without gamma the variance carries
    // the scale (which is positive then), without beta the mean carries the shift.
    const bool with_gamma = has(model, node, model::Role::gamma), with_beta = has(model, node, model::Role::beta);
    std::vector<double> new_mean(channels, 0.0), new_variance(channels, 1 - epsilon);
    for (std::size_t c = 0; c < channels; ++c) {
        if (!with_gamma) new_variance[c] = 1 / (scale[c] * scale[c]) - epsilon;
        if (!with_beta) {
            if (scale[c] == 0 && shift[c] != 0) refuse(node, "a scale that is not zero, where there is no offset");
            new_mean[c] = scale[c] == 0 ? 0 : -shift[c] / scale[c];
        }
    }
    set(model, node, model::Role::gamma, scale, weights);
    set(model, node, model::Role::beta, shift, weights);
    set(model, node, model::Role::moving_mean, new_mean, weights);
    set(model, node, model::Role::moving_variance, new_variance, weights);
}

}  // namespace

PathSum::Value PathSum::compute(Subject& subject, const Key& key) {
    const model::Model& original = subject.model();
    if (!original.architecture) throw Error(ErrorKind::missing, {"model", "an architecture", "weights only"});
    model::Model squared;
    squared.path = original.path;
    squared.format = original.format;
    squared.parameters = original.parameters;
    squared.architecture = original.architecture;
    squared.weights = original.weights;
    model::Architecture& architecture = *squared.architecture;
    for (std::size_t i = 0; i < squared.weights.size(); ++i) {
        require_finite(original, squared.weights[i], i);
        std::vector<double> values = squared.weights[i].to_double();
        for (double& value : values) value *= value;
        squared.weights[i].values = std::move(values);
    }
    std::map<std::size_t, int> normalised;   // how many normalisations fold into a kernel
    for (const std::size_t vertex : architecture.topological_order()) {
        model::Node& node = architecture.graph[vertex];
        if (node.kind == "batch_normalization") {
            square_folded(original, architecture, vertex, squared.weights);
            for (const std::size_t parameter : node.parameters)
                if (++normalised[parameter] > 1) refuse(node, "a normalisation that is used once");
            continue;
        }
        if (node.kind == "conv2d" || node.kind == "dense") continue;
        if (std::find(plain_kinds.begin(), plain_kinds.end(), node.kind) == plain_kinds.end())
            refuse(node, "a layer whose squared form is a sum over paths");
        if (node.kind == "activation" && key.activations == Activations::linear && boost::out_degree(vertex, architecture.graph) > 0) {
            if (node.attributes.value("function", "") == "softmax") refuse(node, "a pointwise activation between layers");
            node.attributes["function"] = "linear";
        }
    }
    // The final softmax or sigmoid is dropped by `logits`; another final activation is linear like the rest.
    if (key.activations == Activations::linear)
        for (const std::size_t output : architecture.outputs) {
            model::Node& node = architecture.graph[output];
            const std::string function = node.kind == "activation" ? node.attributes.value("function", "") : "";
            if (!function.empty() && function != "softmax" && function != "sigmoid") node.attributes["function"] = "linear";
        }
    engine::NetworkOptions options{.precision = engine::DType::float64, .logits = true, .input_shapes = subject.network().input_shapes(),
                                   .micro_batches = subject.backend().micro_batches()};
    const engine::Network network(squared, options);
    engine::Backend& backend = subject.backend();
    const engine::Buffer parameters = network.pack(backend, squared.weights);
    engine::Batch batch;
    batch.size = 1;
    for (const Shape& shape : network.input_shapes())
        batch.inputs.push_back(backend.from_host(std::vector<double>(static_cast<std::size_t>(element_count(shape)), 1.0), engine::DType::float64));
    const engine::Tape tape = network.forward(backend, parameters.const_view(), std::move(batch));
    double sum = 0;
    for (const double value : backend.to_host(tape.network_output(0))) sum += value;
    return sum;
}

}  // namespace assay::measures::ingredients
