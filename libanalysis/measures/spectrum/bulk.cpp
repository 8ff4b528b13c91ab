// What stands out of the random bulk of the layers' eigenvalues.

#include "libanalysis/measures/ingredients/weightwatcher_bulk.hpp"
#include "libanalysis/measures/layer_means.hpp"

namespace assay::measures {
namespace {

template <class F>
std::vector<Value> of_bulks(Subject& subject, F number) {
    return with_layer_mean(subject, "weightwatcher",
                           [&](const WeightMatrix& matrix) { return number(subject.get<ingredients::WeightWatcherBulk>({matrix.parameter})); });
}

std::vector<Value> soft_rank(Subject& subject, const Parameters&) {
    return of_bulks(subject, [](const auto& bulk) { return bulk.soft_rank; });
}
std::vector<Value> spikes(Subject& subject, const Parameters&) {
    return of_bulks(subject, [](const auto& bulk) { return static_cast<double>(bulk.spikes); });
}
std::vector<Value> scale(Subject& subject, const Parameters&) {
    return of_bulks(subject, [](const auto& bulk) { return bulk.sigma; });
}

constexpr std::string_view used = "layer_eigenvalues,layer_spectrum,weightwatcher_bulk";

}  // namespace

extern const Measure mp_softrank{
    .name = "mp_softrank",
    .formula = R"(\lambda_+ / \lambda_1, \quad \lambda_+ = \sigma^2 (1 + \sqrt{M/N})^2)",
    .source = "martin2021implicit",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = "weightwatcher",
    .ingredients = used,
    .doc = "Upper edge of the Marchenko-Pastur law fitted to the layer's eigenvalues over the largest of them, and the mean over layers: near 1 for "
           "noise, small where something was learned. The fit is WeightWatcher's: least squares to a density estimate of width 0.1 of the eigenvalues "
           "scaled to mean 1.",
    .compute = soft_rank,
};

extern const Measure mp_spikes{
    .name = "mp_spikes",
    .formula = R"(|\{i : \lambda_i > \lambda_+ + \Delta_{TW}\}|)",
    .source = "martin2021implicit",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = "weightwatcher",
    .ingredients = used,
    .doc = "Eigenvalues above the upper edge of the fitted Marchenko-Pastur law and a width for its fluctuation, by layer, and the mean.",
    .compute = spikes,
};

extern const Measure mp_sigma{
    .name = "mp_sigma",
    .formula = R"(\sigma)",
    .source = "martin2021implicit",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = "weightwatcher",
    .ingredients = used,
    .doc = "Scale of the fitted Marchenko-Pastur law, of eigenvalues scaled to mean 1, by layer, and the mean: 1 for noise.",
    .compute = scale,
};

}  // namespace assay::measures
