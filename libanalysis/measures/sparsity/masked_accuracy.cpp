#include "libanalysis/measures/ingredients/predictions.hpp"
#include "libanalysis/measures/sparsity/magnitude_mask.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters& parameters) {
    const engine::Labels& labels = subject.get<ingredients::Labels>({"train"});
    if (labels.classes.empty()) throw Error(ErrorKind::data, {"train labels", "classes", "targets"});
    const model::Weights weights = masked_by_magnitude(subject.model(), fraction(parameters, "sparsity"));
    const engine::Buffer packed = subject.network().pack(subject.backend(), weights);
    const engine::Outputs outputs =
        engine::outputs_over(subject.network(), subject.backend(), packed.const_view(), *subject.rows("train"), subject.context());
    const double threshold = outputs.width == 1 ? ingredients::single_output_threshold(subject) : 0;
    std::int64_t correct = 0;
    for (std::int64_t i = 0; i < outputs.count; ++i) {
        for (const double value : outputs.row(i))
            if (!std::isfinite(value)) return {missing("non-finite outputs")};
        correct += ingredients::predicted_class(outputs.row(i), threshold) == labels.classes[static_cast<std::size_t>(i)];
    }
    return {whole(static_cast<double>(correct) / static_cast<double>(outputs.count), {}, "no training rows")};
}

}  // namespace

extern const Measure masked_accuracy{
    .name = "masked_accuracy",
    .formula = R"(\frac1m \sum_i \mathbf 1[\arg\max_j f_{w \odot M_s}(x_i)_j = y_i])",
    .source = "han2015learning",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::smaller_gap,
    .parameters = "sparsity=0.5|0.9",
    .ingredients = "labels",
    .doc = "Training accuracy after the given share of weights, those of smallest magnitude in the whole network, is set to zero. "
           "Biases and normalisation parameters stay.",
    .compute = compute,
};

}  // namespace assay::measures
