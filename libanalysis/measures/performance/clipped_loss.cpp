// Mean loss of each split as training loops print it: Keras clips probabilities to [1e-7, 1 - 1e-7] before the logarithm, so that
// a confident mistake costs at most 16.1 nats. Beside the loss itself these values can be compared with a log.

#include "libanalysis/measures/performance/split_measures.hpp"

namespace assay::measures {
namespace {

std::vector<Value> train(Subject& subject, const Parameters& parameters) { return performance::clipped_loss(subject, "train", parameters); }
std::vector<Value> test(Subject& subject, const Parameters& parameters) { return performance::clipped_loss(subject, "test", parameters); }

}  // namespace

extern const Measure train_loss_clipped{
    .name = "train_loss_clipped",
    .formula = R"(-\frac1m \sum_i \ln \min(\max(p_{y_i}(x_i), c), 1 - c))",
    .source = "chollet2015keras",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .parameters = "clip=1e-07",
    .ingredients = "labels,outputs",
    .doc = "train_loss with every probability clipped to [clip, 1 - clip] before its logarithm: what Keras logs for a model that ends in "
           "probabilities. For cross-entropy, and binary cross-entropy of one output.",
    .compute = train,
};

extern const Measure test_loss_clipped{
    .name = "test_loss_clipped",
    .formula = R"(-\frac1{m'} \sum_i \ln \min(\max(p_{y'_i}(x'_i), c), 1 - c))",
    .source = "chollet2015keras",
    .needs = Need::weights | Need::architecture | Need::test_data | Need::test_labels,
    .direction = Direction::none,
    .parameters = "clip=1e-07",
    .ingredients = "labels,outputs",
    .doc = "test_loss with clipped probabilities, as train_loss_clipped.",
    .compute = test,
};

}  // namespace assay::measures
