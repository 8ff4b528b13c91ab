// Normalisation constants that are not what they usually are.

#include "libanalysis/lint/rule.hpp"

#include <fmt/format.h>

namespace assay::lint::rule {
namespace {

void look(const ModelMaterial& material, Report& report) {
    if (!material.model.architecture) return;
    for (const std::size_t vertex : material.model.architecture->topological_order()) {
        const model::Node& node = material.model.architecture->graph[vertex];
        const auto epsilon = node.attributes.find("epsilon");
        if (epsilon == node.attributes.end() || !epsilon->is_number()) continue;
        const double value = epsilon->get<double>();
        if (value == 0) report.add(Severity::warning, node.layer, "epsilon is 0: a variance of 0 divides by nothing");
        else if (value > 0.0101 || value < 1e-12) report.add(node.layer, fmt::format("epsilon is {:.3g}; 1e-6 to 1e-3 are usual", value));
    }
}

}  // namespace

extern const Rule odd_epsilon{
    .id = "odd-epsilon",
    .severity = Severity::note,
    .summary = "a normalisation layer with an unusual epsilon",
    .explanation = "The epsilon that is added to the variance lies outside 1e-12 .. 0.01, or is 0. It is part of the function, and other tools that assume their own default compute other outputs.",
    .advice = "Check that it was meant; an exported copy of the model must carry the same value.",
    .on_model = look,
};

}  // namespace assay::lint::rule
