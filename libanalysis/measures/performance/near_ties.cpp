// How many predictions hang on rounding.

#include "libanalysis/measures/performance/split_measures.hpp"

namespace assay::measures {
namespace {

std::vector<Value> train(Subject& subject, const Parameters&) { return performance::near_ties(subject, "train"); }
std::vector<Value> test(Subject& subject, const Parameters&) { return performance::near_ties(subject, "test"); }

}  // namespace

extern const Measure train_near_ties{
    .name = "train_near_ties",
    .formula = R"(|\{i : f(x_i)_{(1)} - f(x_i)_{(2)} < 10^{-6}\}|)",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::none,
    .ingredients = "labels,outputs,predictions",
    .doc = "Training rows whose two largest outputs (probabilities, where a final softmax is folded) differ by less than 1e-6: "
           "another program may count these otherwise.",
    .compute = train,
};

extern const Measure test_near_ties{
    .name = "test_near_ties",
    .formula = R"(|\{i : f(x'_i)_{(1)} - f(x'_i)_{(2)} < 10^{-6}\}|)",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::test_data | Need::test_labels,
    .direction = Direction::none,
    .ingredients = "labels,outputs,predictions",
    .doc = "The same for the test rows.",
    .compute = test,
};

}  // namespace assay::measures
