// The Fisher-Rao norm of the weights.

#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"
#include "libanalysis/measures/values.hpp"

namespace assay::measures {
namespace {

double quadratic_form(const engine::Primal& primal, const char* kind) {
    const std::vector<double> w = primal.backend().to_host(primal.parameters().slice(0, primal.size()));
    std::vector<double> image(w.size());
    linop::find_curvature_kind(kind).make(primal)->apply(w, image);
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += w[i] * image[i];
    return sum;
}

std::vector<Value> compute(Subject& subject, const Parameters&) {
    const engine::Primal& primal = ingredients::unregularised_primal(subject);
    std::vector<Value> values{attempt("exact", [&] { return quadratic_form(primal, "ggn"); }), attempt("paper", [&] { return quadratic_form(primal, "ef"); })};
    for (Value& value : values) value.objective = ingredients::objective_words(subject, primal);
    return values;
}

}  // namespace

extern const Measure fisher_rao{
    .name = "fisher_rao",
    .formula = R"(w^\top G w \text{ (exact)}, \quad \frac1m \sum_i \langle w, \nabla \ell_i \rangle^2 \text{ (paper)})",
    .source = "liang2019fisher",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .conventions = "exact,paper",
    .ingredients = "training_primal",
    .cost = "2 products",
    .doc = "Squared Fisher-Rao norm of all trainable parameters, without square root. exact: with the Gauss-Newton matrix of the training loss, for "
           "cross-entropy the Fisher matrix of the model's own labels; paper: with the labels of the data, as Liang et al. define it, which for a network "
           "homogeneous of degree d in its weights is d^2 times the mean of (f . dl/df)^2.",
    .compute = compute,
};

}  // namespace assay::measures
