// NaN and infinite weights.

#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/tensors.hpp"

#include <fmt/format.h>

#include <cmath>

namespace assay::lint::rule {
namespace {

void look(const ModelMaterial& material, Report& report) {
    for (std::size_t i = 0; i < material.model.parameters.size(); ++i) {
        std::size_t nan = 0, infinite = 0;
        for_each_value(material.model.weights[i], [&](double value, std::size_t) {
            nan += std::isnan(value);
            infinite += std::isinf(value);
        });
        if (nan + infinite > 0)
            report.add(material.model.parameters[i].name, fmt::format("{} of {} values are NaN, {} are infinite", nan, material.model.weights[i].size(), infinite));
    }
}

}  // namespace

extern const Rule non_finite_weights{
    .id = "non-finite-weights",
    .severity = Severity::error,
    .summary = "weights that are NaN or infinite",
    .explanation = "Training diverged, or the file was written wrongly. Every output that depends on such a weight is NaN, and no measure of the layer has a value.",
    .advice = "Take an earlier checkpoint; train with a smaller learning rate or with clipped gradients.",
    .on_model = look,
};

}  // namespace assay::lint::rule
