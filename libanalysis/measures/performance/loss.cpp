// Mean loss of each split.

#include "libanalysis/measures/performance/split_measures.hpp"

namespace assay::measures {
namespace {

std::vector<Value> train(Subject& subject, const Parameters&) { return performance::loss(subject, "train"); }
std::vector<Value> test(Subject& subject, const Parameters&) { return performance::loss(subject, "test"); }
std::vector<Value> clipped_train(Subject& subject, const Parameters&) { return performance::clipped_loss(subject, "train"); }
std::vector<Value> clipped_test(Subject& subject, const Parameters&) { return performance::clipped_loss(subject, "test"); }

}  // namespace

extern const Measure train_loss{
    .name = "train_loss",
    .formula = R"(L = \frac1m \sum_i \ell(f(x_i), y_i))",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .ingredients = "labels,outputs",
    .doc = "Mean loss on the training rows: the declared loss, else the file's own, else the final activation's. No regulariser, "
           "BatchNormalization at inference; computed in double from the outputs.",
    .compute = train,
};

extern const Measure test_loss{
    .name = "test_loss",
    .formula = R"(\frac1{m'} \sum_i \ell(f(x'_i), y'_i))",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::test_data | Need::test_labels,
    .direction = Direction::none,
    .ingredients = "labels,outputs",
    .doc = "Mean loss on the test rows, computed as train_loss.",
    .compute = test,
};

extern const Measure train_loss_clipped{
    .name = "train_loss_clipped",
    .formula = R"(-\frac1m \sum_i \ln \min(\max(p(x_i)_{y_i}, 10^{-7}), 1 - 10^{-7}))",
    .source = "chollet2015keras",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .ingredients = "labels,outputs",
    .doc = "train_loss with probabilities clipped at 1e-7, as Keras computes and logs cross-entropies of a network that ends in softmax or "
           "sigmoid: for comparison with logs. A row that is surely wrong counts 16.1 at most.",
    .compute = clipped_train,
};

extern const Measure test_loss_clipped{
    .name = "test_loss_clipped",
    .formula = R"(-\frac1{m'} \sum_i \ln \min(\max(p(x'_i)_{y'_i}, 10^{-7}), 1 - 10^{-7}))",
    .source = "chollet2015keras",
    .needs = Need::weights | Need::architecture | Need::test_data | Need::test_labels,
    .direction = Direction::none,
    .ingredients = "labels,outputs",
    .doc = "test_loss with probabilities clipped at 1e-7, as train_loss_clipped.",
    .compute = clipped_test,
};

}  // namespace assay::measures
