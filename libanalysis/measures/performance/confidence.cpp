// How sure the network is of its training rows.

#include "libanalysis/measures/ingredients/predictions.hpp"
#include "libanalysis/measures/values.hpp"

namespace assay::measures {
namespace {

constexpr const char* no_probabilities = "the outputs are not logits of a softmax";

std::vector<Value> confidence(Subject& subject, const Parameters&) {
    const auto& predictions = subject.get<ingredients::Predictions>({"train"});
    return {predictions.confidence ? whole(*predictions.confidence) : missing(no_probabilities)};
}

std::vector<Value> entropy(Subject& subject, const Parameters&) {
    const auto& predictions = subject.get<ingredients::Predictions>({"train"});
    return {predictions.entropy ? whole(*predictions.entropy) : missing(no_probabilities)};
}

}  // namespace

extern const Measure mean_confidence{
    .name = "mean_confidence",
    .formula = R"(\frac1m \sum_i \max_j p(x_i)_j)",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::none,
    .ingredients = "labels,outputs,predictions",
    .doc = "Mean largest softmax probability over the training rows.",
    .compute = confidence,
};

extern const Measure prediction_entropy{
    .name = "prediction_entropy",
    .formula = R"(-\frac1m \sum_i \sum_j p(x_i)_j \ln p(x_i)_j)",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::none,
    .ingredients = "labels,outputs,predictions",
    .doc = "Mean entropy (nats) of the softmax probabilities over the training rows.",
    .compute = entropy,
};

}  // namespace assay::measures
