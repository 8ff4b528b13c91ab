// Moving variances of BatchNormalization that cannot be.

#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/tensors.hpp"

namespace assay::lint::rule {
namespace {

void look(const ModelMaterial& material, Report& report) {
    for (std::size_t i = 0; i < material.model.parameters.size(); ++i) {
        if (material.model.parameters[i].role != model::Role::moving_variance) continue;
        std::vector<std::size_t> zero, negative;
        for_each_value(material.model.weights[i], [&](double value, std::size_t k) {
            if (value == 0) zero.push_back(k);
            if (value < 0) negative.push_back(k);
        });
        const auto size = static_cast<std::size_t>(material.model.weights[i].size());
        if (!negative.empty()) report.add(Severity::error, material.model.parameters[i].name, listed(negative, size, "variances are negative"));
        if (!zero.empty()) report.add(material.model.parameters[i].name, listed(zero, size, "variances are 0"));
    }
}

}  // namespace

extern const Rule variance_zero{
    .id = "variance-zero",
    .severity = Severity::warning,
    .summary = "BatchNormalization with a moving variance of 0 or below",
    .explanation = "A channel never varied in training (a dead unit before it), or the statistics were never updated. Its outputs are scaled by 1 / sqrt(epsilon), about 32 for Keras' "
                   "default: a small change of the input is amplified so much. A negative variance is a damaged file.",
    .advice = "Re-estimate the statistics on training data, or remove the channels.",
    .on_model = look,
};

}  // namespace assay::lint::rule
