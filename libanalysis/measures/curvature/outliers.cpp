// Eigenvalues that stand apart from the bulk, against the number of classes.

#include "libanalysis/core/error.hpp"
#include "libanalysis/measures/curvature/eigenvalues.hpp"
#include "libanalysis/measures/ingredients/curvature_eigenvalues.hpp"
#include "libanalysis/measures/ingredients/outputs.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"
#include "libanalysis/measures/values.hpp"

namespace assay::measures {

std::size_t largest_gap(std::span<const double> descending, std::size_t most) {
    std::size_t best = 0;
    double widest = 1;
    for (std::size_t i = 1; i < descending.size() && i <= most; ++i) {
        if (!(descending[i - 1] > 0)) break;
        if (!(descending[i] > 0)) return i;
        if (const double ratio = descending[i - 1] / descending[i]; ratio > widest) {
            widest = ratio;
            best = i;
        }
    }
    if (best == 0) throw Error(ErrorKind::data, {"eigenvalues", "two that are positive and apart", "none"});
    return best;
}

namespace {

std::vector<Value> counted(Subject& subject, bool against_classes) {
    const engine::Labels& labels = subject.get<ingredients::Labels>({"train"});
    if (labels.classes.empty()) return {missing("outliers are compared with classes; the targets are not classes")};
    const auto width = static_cast<std::size_t>(element_count(subject.network().output_shapes().at(0))), classes = width == 1 ? 2 : width;
    if (classes + 2 > ingredients::curvature_top(subject)) return {missing("more classes than eigenvalues are computed for")};
    const double count = static_cast<double>(largest_gap(hessian_largest(subject), classes + 1));
    Value value = whole(against_classes ? count / static_cast<double>(classes - 1) : count);
    value.objective = ingredients::objective_words(subject, ingredients::training_primal(subject));
    return {value};
}

std::vector<Value> outliers(Subject& subject, const Parameters&) { return counted(subject, false); }
std::vector<Value> against_classes(Subject& subject, const Parameters&) { return counted(subject, true); }

}  // namespace

extern const Measure hessian_outliers{
    .name = "hessian_outliers",
    .formula = R"(\arg\max_{1 \le k \le \kappa + 1} \lambda_k(H) / \lambda_{k+1}(H))",
    .source = "papyan2020traces",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::none,
    .ingredients = "curvature_eigenvalues,labels,training_primal",
    .cost = "some 40 products, shared by the measures of curvature_eigenvalues",
    .doc = "How many of the Hessian's largest eigenvalues stand apart from the bulk: the place of the largest ratio between neighbours among the "
           "first classes + 2 that are positive. About classes - 1 where the features have collapsed onto class means.",
    .compute = outliers,
};

extern const Measure hessian_outliers_over_classes{
    .name = "hessian_outliers_over_classes",
    .formula = R"(\frac{1}{\kappa - 1} \arg\max_{1 \le k \le \kappa + 1} \lambda_k(H) / \lambda_{k+1}(H))",
    .source = "papyan2020traces",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::none,
    .ingredients = "curvature_eigenvalues,labels,training_primal",
    .cost = "some 40 products, shared by the measures of curvature_eigenvalues",
    .doc = "hessian_outliers over the number of classes less one: 1 where there is one outlier for each class but one.",
    .compute = against_classes,
};

}  // namespace assay::measures
