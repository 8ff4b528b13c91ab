#include "libanalysis/measures/ingredients/masked_accuracies.hpp"
#include "libanalysis/measures/sparsity/magnitude_mask.hpp"

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters& parameters) {
    return {whole(ingredients::accuracy_with(subject, masked_by_magnitude(subject.model(), fraction(parameters, "sparsity"))))};
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
