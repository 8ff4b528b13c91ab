// Training accuracy over sparsity, without training on: the curve, its area, and where it has lost a percentage point.

#include "libanalysis/measures/ingredients/masked_accuracies.hpp"
#include "libanalysis/measures/values.hpp"

namespace assay::measures {
namespace {

using ingredients::MaskedAccuracies;
constexpr const auto& sparsities = MaskedAccuracies::sparsities;
constexpr std::pair<const char*, const char*> curves[] = {{"magnitude", "magnitude_global"}, {"random", "random"}};   // convention, method

std::vector<Value> curve(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const auto& [convention, method] : curves) {
        const std::vector<double>& accuracies = subject.get<MaskedAccuracies>({method});
        values.push_back({.convention = convention, .value = accuracies});
    }
    return values;
}

std::vector<Value> area(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const auto& [convention, method] : curves) {
        const std::vector<double>& accuracies = subject.get<MaskedAccuracies>({method});
        double sum = 0;
        for (std::size_t i = 1; i < accuracies.size(); ++i) sum += (sparsities[i] - sparsities[i - 1]) * (accuracies[i] + accuracies[i - 1]) / 2;
        values.push_back(whole(sum, convention));
    }
    return values;
}

/// Where the curve, straight between its points, first falls to 0.01 below its start; 1 where it never does.
double first_loss(const std::vector<double>& accuracies) {
    const double level = accuracies.front() - 0.01;
    for (std::size_t i = 1; i < accuracies.size(); ++i) {
        if (accuracies[i] >= level) continue;
        const double share = (accuracies[i - 1] - level) / (accuracies[i - 1] - accuracies[i]);
        return sparsities[i - 1] + share * (sparsities[i] - sparsities[i - 1]);
    }
    return 1;
}

std::vector<Value> one_point(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const auto& [convention, method] : curves) values.push_back(whole(first_loss(subject.get<MaskedAccuracies>({method})), convention));
    return values;
}

}  // namespace

extern const Measure masked_accuracy_curve{
    .name = "masked_accuracy_curve",
    .formula = R"(s \mapsto \frac1m \sum_i \mathbf 1[\arg\max_j f_{w \odot M_s}(x_i)_j = y_i])",
    .source = "blalock2020state",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::none,
    .conventions = "magnitude,random",
    .ingredients = "labels,masked_accuracies",
    .cost = "30 passes",
    .doc = "Training accuracy at the sparsities 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99 and 1, without training on. "
           "magnitude: the smallest weights of the whole network go; random: weights drawn by the seed, nested masks.",
    .compute = curve,
};

extern const Measure masked_accuracy_area{
    .name = "masked_accuracy_area",
    .formula = R"(\int_0^1 A(s)\, ds)",
    .source = "blalock2020state",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::smaller_gap,
    .conventions = "magnitude,random",
    .ingredients = "labels,masked_accuracies",
    .cost = "30 passes",
    .doc = "Area under masked_accuracy_curve, straight between its points: the mean training accuracy over all sparsities.",
    .compute = area,
};

extern const Measure sparsity_at_one_point{
    .name = "sparsity_at_one_point",
    .formula = R"(\min \{s : A(s) \le A(0) - 0.01\})",
    .source = "blalock2020state",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::smaller_gap,
    .conventions = "magnitude,random",
    .ingredients = "labels,masked_accuracies",
    .cost = "30 passes",
    .doc = "Sparsity at which masked_accuracy_curve, straight between its points, first falls to one percentage point below its start; 1 where it never does.",
    .compute = one_point,
};

}  // namespace assay::measures
