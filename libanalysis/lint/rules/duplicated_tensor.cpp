// The same numbers twice.

#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/tensors.hpp"

#include <map>

namespace assay::lint::rule {
namespace {

bool tells(const model::Tensor& tensor) {
    if (tensor.size() < 16) return false;
    const double first = tensor.at(0);
    bool varies = false;
    for_each_value(tensor, [&](double value, std::size_t) { varies = varies || value != first; });
    return varies;
}

void look(const ModelMaterial& material, Report& report) {
    std::map<Shape, std::vector<std::size_t>> by_shape;
    for (std::size_t i = 0; i < material.model.parameters.size(); ++i)
        if (tells(material.model.weights[i])) by_shape[material.model.weights[i].shape].push_back(i);
    for (const auto& [shape, parameters] : by_shape)
        for (std::size_t a = 0; a < parameters.size(); ++a)
            for (std::size_t b = 0; b < a; ++b)
                if (material.model.weights[parameters[a]].values == material.model.weights[parameters[b]].values) {
                    report.add(material.model.parameters[parameters[a]].name, "the same values as " + material.model.parameters[parameters[b]].name);
                    break;
                }
}

}  // namespace

extern const Rule duplicated_tensor{
    .id = "duplicated-tensor",
    .severity = Severity::warning,
    .summary = "two weight tensors with the same values",
    .explanation = "Two parameters of at least 16 values agree bit for bit. Tied weights look like that; so does a layer that was copied by mistake. Measures that sum over layers count both.",
    .advice = "Where the weights are tied on purpose, read sums over layers with that in mind.",
    .on_model = look,
};

}  // namespace assay::lint::rule
