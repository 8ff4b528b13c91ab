// Layers that Assay cannot run.

#include "libanalysis/lint/rule.hpp"

namespace assay::lint::rule {
namespace {

void look(const ModelMaterial& material, Report& report) {
    if (!material.model.architecture) return;
    for (const std::size_t vertex : material.model.architecture->topological_order()) {
        const std::string& problem = material.outline.at(vertex).problem;
        if (!problem.empty()) report.add(material.model.architecture->graph[vertex].layer, material.model.architecture->graph[vertex].layer_class + ": " + problem);
    }
}

}  // namespace

extern const Rule unsupported_layer{
    .id = "unsupported-layer",
    .severity = Severity::note,
    .summary = "a layer that Assay cannot run",
    .explanation = "Measures on weights still have values; everything that runs the network (accuracy, margins, curvature) has none.",
    .advice = "Nothing is wrong with the model. A Lambda that is an affine function can be replaced by its formula with --lambda.",
    .on_model = look,
};

}  // namespace assay::lint::rule
