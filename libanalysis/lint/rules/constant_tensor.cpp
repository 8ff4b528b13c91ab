// Kernels that hold one value.

#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/tensors.hpp"

#include <fmt/format.h>

namespace assay::lint::rule {
namespace {

void look(const ModelMaterial& material, Report& report) {
    for (std::size_t i = 0; i < material.model.parameters.size(); ++i) {
        const model::Parameter& parameter = material.model.parameters[i];
        const model::Tensor& tensor = material.model.weights[i];
        const bool kernel = parameter.role != model::Role::other && model::is_weight_matrix(parameter);
        if (!kernel || tensor.size() < 4) continue;
        const double first = tensor.at(0);
        bool same = true;
        for_each_value(tensor, [&](double value, std::size_t) { same = same && value == first; });
        if (same) report.add(parameter.name, fmt::format("all {} values are {}", tensor.size(), first));
    }
}

}  // namespace

extern const Rule constant_tensor{
    .id = "constant-tensor",
    .severity = Severity::warning,
    .summary = "a kernel whose values are all the same",
    .explanation = "All units of such a layer compute the same, and gradient descent keeps them so: the layer was never initialised, was zeroed, or the file lost it.",
    .advice = "Look at how the file was written; train again from a random initialisation.",
    .on_model = look,
};

}  // namespace assay::lint::rule
