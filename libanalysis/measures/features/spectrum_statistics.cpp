// What the singular values of every weight matrix look like.

#include "libanalysis/measures/features/statistics.hpp"
#include "libanalysis/measures/ingredients/layer_spectrum.hpp"
#include "libanalysis/measures/subject.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters&) {
    std::vector<std::vector<double>> rows;
    for (const WeightMatrix& matrix : weight_matrices(subject.model()))
        rows.push_back(features::spectrum(subject.get<ingredients::LayerSpectrum>({"final", matrix.parameter}).singular_values));
    return features::both(rows);
}

}  // namespace

extern const Measure spectrum_statistics{
    .name = "spectrum_statistics",
    .formula = R"(\ln \sigma_1, \ln \sigma_{\min}, \ln \mathrm{median}\,\sigma, \sum \sigma_i^2 / \sigma_1^2, -\sum p_i \ln p_i,\ p_i = \sigma_i / \sum_j \sigma_j)",
    .source = "martin2021predicting",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = "positional,pooled",
    .ingredients = "layer_spectrum",
    .cost = features::price,
    .doc = "Largest, smallest and median singular value (logarithms), stable rank and entropy of every weight matrix, in model order or pooled.",
    .compute = compute,
};

}  // namespace assay::measures
