#include "libanalysis/measures/ingredients/path_sum.hpp"

#include "libanalysis/engine/convolution_shape.hpp"
#include "libanalysis/engine/tape.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/pruning/path_network.hpp"

#include <boost/graph/adjacency_list.hpp>

#include <algorithm>
#include <cmath>

namespace assay::measures::ingredients {
namespace {

[[noreturn]] void refuse(const model::Node& node, std::string expected) {
    throw Error(ErrorKind::unsupported, {"layer " + node.layer + " (" + node.layer_class + ")", std::move(expected), node.kind});
}

double power_of(double x, double power) { return power == 2 ? x * x : std::pow(std::abs(x), power); }

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

/// One BatchNormalization with the layer before it. Folded, they are W s and beta + s (b - mean) with s = gamma /
/// sqrt(variance + epsilon); to the power p, |W|^p |s|^p and |beta + s (b - mean)|^p. So the layer before keeps |W|^p without a
/// bias, and the normalisation is given parameters with which it multiplies by |s|^p and adds the folded bias's power.
void raise_folded(const model::Model& model, const model::Architecture& architecture, std::size_t vertex, double power, model::Weights& weights) {
    const model::Node& node = architecture.graph[vertex];
    const std::size_t before_vertex = architecture.inputs_of(vertex).at(0);
    const model::Node& before = architecture.graph[before_vertex];
    if ((!engine::is_convolution(before) && before.kind != "dense") || boost::out_degree(before_vertex, architecture.graph) != 1)
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
        scale[c] = power_of(s, power);
        const double folded = beta[c] + s * (bias.at(c) - mean[c]);
        shift[c] = power_of(folded, power);
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
    model::Model raised;
    raised.path = original.path;
    raised.format = original.format;
    raised.parameters = original.parameters;
    raised.architecture = original.architecture;
    raised.weights = original.weights;
    model::Architecture& architecture = *raised.architecture;
    for (std::size_t i = 0; i < raised.weights.size(); ++i) {
        require_finite(original, raised.weights[i], i);
        std::vector<double> values = raised.weights[i].to_double();
        for (double& value : values) value = power_of(value, key.power);
        raised.weights[i].values = std::move(values);
    }
    std::map<std::size_t, int> normalised;   // how many normalisations fold into a kernel
    for (const std::size_t vertex : architecture.topological_order()) {
        model::Node& node = architecture.graph[vertex];
        if (node.kind == "batch_normalization") {
            raise_folded(original, architecture, vertex, key.power, raised.weights);
            for (const std::size_t parameter : node.parameters)
                if (++normalised[parameter] > 1) refuse(node, "a normalisation that is used once");
            continue;
        }
        if (engine::is_convolution(node) || node.kind == "dense") continue;
        if (!pruning::passes_paths(node.kind))
            refuse(node, "a layer whose form with powers is a sum over paths");
        if (node.kind == "activation" && key.activations == Activations::linear && boost::out_degree(vertex, architecture.graph) > 0) {
            const std::string function = node.attributes.value("function", "");
            if (function == "softmax" || function == "log_softmax") refuse(node, "a pointwise activation between layers");
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
    const engine::Network network(raised, options);
    engine::Backend& backend = subject.backend();
    const engine::Buffer parameters = network.pack(backend, raised.weights);
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
