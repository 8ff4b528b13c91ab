// Weights far beyond what an initialisation gives.

#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/tensors.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

#include <fmt/format.h>

#include <cmath>

namespace assay::lint::rule {
namespace {

constexpr double limit = 100;

void look(const ModelMaterial& material, Report& report) {
    for (std::size_t i = 0; i < material.model.parameters.size(); ++i) {
        if (!is_unit_kernel(material.model, i)) continue;
        const model::Tensor& tensor = material.model.weights[i];
        const double fan_in = static_cast<double>(tensor.size()) / static_cast<double>(tensor.shape.back());
        const double gain = std::sqrt(measures::squared_sum(tensor) / static_cast<double>(tensor.size()) * fan_in / 2);
        if (gain > limit)   // a NaN is another rule's
            report.add(material.model.parameters[i].name, fmt::format("the root mean square of the weights is {:.3g} times that of He's initialisation", gain));
    }
}

}  // namespace

extern const Rule exploded_weights{
    .id = "exploded-weights",
    .severity = Severity::warning,
    .summary = "a layer whose weights are more than 100 times as large as an initialisation makes them",
    .explanation = "The root mean square of a Dense or convolution kernel, times sqrt(fan_in / 2), is 1 for He's initialisation. Above 100 the layer has all but diverged, "
                   "or its inputs are minute (raw values far below 1).",
    .advice = "Check the scale of the layer's inputs; use weight decay or a smaller learning rate.",
    .on_model = look,
};

}  // namespace assay::lint::rule
