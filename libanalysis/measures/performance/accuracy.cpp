// Accuracy of each split, and the gap between them.

#include "libanalysis/measures/ingredients/predictions.hpp"
#include "libanalysis/measures/performance/split_measures.hpp"
#include "libanalysis/measures/values.hpp"

namespace assay::measures {
namespace {

std::vector<Value> train(Subject& subject, const Parameters&) { return performance::accuracy(subject, "train"); }
std::vector<Value> test(Subject& subject, const Parameters&) { return performance::accuracy(subject, "test"); }
std::vector<Value> gap(Subject& subject, const Parameters&) {
    // A difference of two rounded quotients, as published gaps are: ties between models depend on it.
    return {whole(subject.get<ingredients::Predictions>({"train"}).accuracy() - subject.get<ingredients::Predictions>({"test"}).accuracy())};
}

}  // namespace

extern const Measure train_accuracy{
    .name = "train_accuracy",
    .formula = R"(\frac1m \sum_i \mathbf 1[\arg\max_j f(x_i)_j = y_i])",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::none,
    .ingredients = "labels,outputs,predictions",
    .doc = "Share of training rows whose largest output is the label; ties go to the lowest class. One output: class 1 above one half.",
    .compute = train,
};

extern const Measure test_accuracy{
    .name = "test_accuracy",
    .formula = R"(\frac1{m'} \sum_i \mathbf 1[\arg\max_j f(x'_i)_j = y'_i])",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::test_data | Need::test_labels,
    .direction = Direction::none,
    .ingredients = "labels,outputs,predictions",
    .doc = "Accuracy on the test rows, computed as train_accuracy.",
    .compute = test,
};

extern const Measure generalization_gap{
    .name = "generalization_gap",
    .formula = R"(\text{train accuracy} - \text{test accuracy})",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels | Need::test_data | Need::test_labels,
    .direction = Direction::none,
    .ingredients = "labels,outputs,predictions",
    .doc = "What the other measures are meant to predict.",
    .compute = gap,
};

}  // namespace assay::measures
