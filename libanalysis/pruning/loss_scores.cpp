#include "libanalysis/pruning/loss_scores.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/linop/curvature_operator.hpp"

namespace assay::pruning {
namespace {

/// The architecture with the first output as the loss reads it, divided by the temperature.
model::Model tempered(const model::Model& model, const engine::Loss& loss, double temperature) {
    model::Model result;
    result.path = model.path;
    result.parameters = model.parameters;
    result.architecture = model.architecture;
    model::Architecture& architecture = *result.architecture;
    if (architecture.outputs.empty()) throw Error(ErrorKind::format, {model.path, "a model with an output", "none"});
    std::size_t output = architecture.outputs.front();
    const model::Node last = architecture.graph[output];
    if (!loss.activation.empty() && last.kind == "activation" && last.attributes.value("function", "") == loss.activation) output = architecture.inputs_of(output).at(0);
    if (temperature != 1)
        output = architecture.add({.name = last.name + "/temperature", .kind = "rescaling", .layer = last.layer, .layer_class = last.layer_class,
                                   .attributes = {{"scale", 1 / temperature}, {"offset", 0}}, .parameters = {}}, {output});
    architecture.outputs.front() = output;
    return result;
}

}  // namespace

PrunableLoss::PrunableLoss(const Problem& problem, double temperature) : prunable_(prunable(problem.model)) {
    if (!problem.rows) throw Error(ErrorKind::missing, {"data", "rows with labels", "none"});
    if (!problem.model.architecture) throw Error(ErrorKind::missing, {problem.model.path, "an architecture", "weights only"});
    for (const std::size_t i : prunable_)
        if (!problem.model.parameters[i].trainable)
            throw Error(ErrorKind::unsupported, {"layer " + problem.model.parameters[i].layer, "weights that train", "frozen ones, which have no gradient",
                                                 "Choose a method that scores by magnitude, or let the layer train."});
    const engine::Loss& loss = engine::choose_loss(problem.model, problem.loss);
    network_ = std::make_unique<engine::Network>(tempered(problem.model, loss, temperature),
                                                 engine::NetworkOptions{.precision = problem.precision, .logits = false, .input_shapes = problem.input_shapes,
                                                                        .micro_batches = problem.backend->micro_batches()});
    parameters_ = network_->pack(*problem.backend, problem.weights);
    primal_ = std::make_unique<engine::Primal>(*network_, *problem.backend, parameters_.const_view(), *problem.rows, engine::Objective{.loss = &loss}, problem.context);
}

Scores PrunableLoss::by_parameter(const std::vector<double>& flat) const {
    Scores scores(network_->layout().entries.size());
    for (const std::size_t i : prunable_) {
        const auto& entry = network_->layout().entries[i];
        const auto first = flat.begin() + static_cast<std::ptrdiff_t>(entry.offset);
        scores[i].assign(first, first + static_cast<std::ptrdiff_t>(entry.size));
    }
    return scores;
}

Scores PrunableLoss::gradient() const { return by_parameter(primal_->loss_gradient().vector); }

Scores PrunableLoss::hessian_product(const Scores& direction) const {
    std::vector<double> flat(primal_->size(), 0.0), product(primal_->size());
    for (const std::size_t i : prunable_)
        std::copy(direction.at(i).begin(), direction.at(i).end(), flat.begin() + static_cast<std::ptrdiff_t>(network_->layout().entries[i].offset));
    linop::find_curvature_kind("hessian").make(*primal_)->apply(flat, product);
    return by_parameter(product);
}

}  // namespace assay::pruning
