// Tensors that training left where they were.

#include "libanalysis/lint/rule.hpp"

namespace assay::lint::rule {
namespace {

void look(const ModelMaterial& material, Report& report) {
    if (!material.init || material.init->size() != material.model.weights.size()) return;
    std::vector<std::size_t> same;
    std::size_t trainable = 0;
    for (std::size_t i = 0; i < material.model.parameters.size(); ++i) {
        if (!material.model.parameters[i].trainable) continue;
        ++trainable;
        if (material.model.weights[i].values == (*material.init)[i].values) same.push_back(i);
    }
    if (same.size() == trainable && trainable > 0) {
        report.add(Severity::error, "", "all trainable weights are the initial weights");
        return;
    }
    for (const std::size_t i : same) report.add(material.model.parameters[i].name, "the same values as in the initial weights");
}

}  // namespace

extern const Rule untrained_layer{
    .id = "untrained-layer",
    .severity = Severity::warning,
    .summary = "a trainable tensor that equals the initial weights",
    .explanation = "Needs the initial weights (--init, or the zoo's manifest). A tensor that is declared trainable has not moved by a bit: no gradient reached it, or it was frozen without being "
                   "declared so. When nothing moved, the file of initial weights is probably the trained one.",
    .advice = "Look for a detached branch, a dead activation after the layer, or a swapped file.",
    .on_model = look,
};

}  // namespace assay::lint::rule
