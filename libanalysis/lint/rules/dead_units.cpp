// Units without weights.

#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/tensors.hpp"

namespace assay::lint::rule {
namespace {

void look(const ModelMaterial& material, Report& report) {
    for (std::size_t i = 0; i < material.model.parameters.size(); ++i) {
        if (!is_unit_kernel(material.model, i)) continue;
        const UnitNorms norms = unit_norms(material.model.weights[i]);
        std::vector<std::size_t> dead, unread;
        for (std::size_t k = 0; k < norms.units.size(); ++k)
            if (norms.units[k] == 0) dead.push_back(k);
        for (std::size_t k = 0; k < norms.inputs.size(); ++k)
            if (norms.inputs[k] == 0) unread.push_back(k);
        if (dead.size() == norms.units.size()) continue;   // the whole tensor: constant-tensor says it
        if (!dead.empty()) report.add(material.model.parameters[i].name, listed(dead, norms.units.size(), "units have no incoming weight that is not 0"));
        if (!unread.empty()) report.add(Severity::note, material.model.parameters[i].name, listed(unread, norms.inputs.size(), "inputs are read by no unit"));
    }
}

}  // namespace

extern const Rule dead_units{
    .id = "dead-units",
    .severity = Severity::warning,
    .summary = "units all of whose incoming weights are 0, or whose outputs nobody reads",
    .explanation = "All weights into the unit of a Dense layer or a convolution are exactly 0, so that it gives its bias whatever the input; or all weights that "
                   "read an input are 0 (a note). Pruning does that on purpose; weight decay with a dead ReLU does it by itself.",
    .advice = "Where it was not pruned: lower the learning rate or the weight decay, or remove the units, which change nothing but the parameter count.",
    .on_model = look,
};

}  // namespace assay::lint::rule
