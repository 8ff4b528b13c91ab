// Mean loss of each split.

#include "libanalysis/measures/performance/split_measures.hpp"

namespace assay::measures {
namespace {

std::vector<Value> train(Subject& subject, const Parameters&) { return performance::loss(subject, "train"); }
std::vector<Value> test(Subject& subject, const Parameters&) { return performance::loss(subject, "test"); }

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

}  // namespace assay::measures
