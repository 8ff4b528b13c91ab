// Extreme eigenvalues of the training objective's Hessian and Gauss-Newton matrix.

#include "libanalysis/measures/curvature/eigenvalues.hpp"

#include "libanalysis/measures/ingredients/curvature_eigenvalues.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"
#include "libanalysis/measures/values.hpp"

namespace assay::measures {

using ingredients::CurvatureEigenvalues;

std::vector<double> hessian_largest(Subject& subject) {
    std::vector<double> values;
    for (const spectral::Eigenpair& pair : subject.get<CurvatureEigenvalues>({"hessian"}).largest) values.push_back(pair.value);
    return values;
}

double hessian_smallest(Subject& subject) {
    const spectral::Eigenvalues& found = subject.get<CurvatureEigenvalues>({"hessian"});
    return found.smallest.empty() ? found.largest.back().value : found.smallest.front().value;
}

namespace {

Value with_objective(Subject& subject, Value value, bool regularised = true) {
    value.objective = ingredients::objective_words(subject, regularised ? ingredients::training_primal(subject) : ingredients::unregularised_primal(subject));
    return value;
}

std::vector<Value> lambda_max(Subject& subject, const Parameters&) { return {with_objective(subject, whole(hessian_largest(subject).front()))}; }
std::vector<Value> lambda_min(Subject& subject, const Parameters&) { return {with_objective(subject, whole(hessian_smallest(subject)))}; }

std::vector<Value> top(Subject& subject, const Parameters&) {
    std::vector<double> values = hessian_largest(subject);
    values.resize(std::min<std::size_t>(values.size(), 10));
    return {with_objective(subject, {.value = std::move(values)})};
}

std::vector<Value> negativity(Subject& subject, const Parameters&) {
    const double most = hessian_largest(subject).front(), least = hessian_smallest(subject);
    if (!(most > 0)) return {missing("the largest eigenvalue is not positive")};
    return {with_objective(subject, whole(std::max(0.0, -least) / most))};
}

std::vector<Value> ggn_top(Subject& subject, const Parameters&) {
    return {with_objective(subject, whole(subject.get<CurvatureEigenvalues>({"ggn"}).largest.front().value), false)};
}

constexpr Need needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels;
constexpr std::string_view used = "curvature_eigenvalues,training_primal";
constexpr std::string_view price = "some 40 products, shared by the measures of curvature_eigenvalues";

}  // namespace

extern const Measure hessian_lambda_max{
    .name = "hessian_lambda_max",
    .formula = R"(\lambda_1(H))",
    .source = "keskar2017large",
    .needs = needs,
    .direction = Direction::larger_gap,
    .ingredients = used,
    .cost = price,
    .doc = "Largest eigenvalue of the Hessian of the training objective (loss, mean over the rows, and the regulariser that the file states), by "
           "Lanczos with full reorthogonalisation to a measured residual of 1e-3 of the eigenvalue. The objective is stored with the value.",
    .compute = lambda_max,
};

extern const Measure hessian_lambda_min{
    .name = "hessian_lambda_min",
    .formula = R"(\lambda_P(H))",
    .source = "sagun2018empirical",
    .needs = needs,
    .direction = Direction::none,
    .ingredients = used,
    .cost = price,
    .doc = "Smallest (most negative) eigenvalue of the Hessian of the training objective, from the same search as hessian_lambda_max.",
    .compute = lambda_min,
};

extern const Measure hessian_top{
    .name = "hessian_top",
    .formula = R"((\lambda_1(H), \dots, \lambda_{10}(H)))",
    .source = "sagun2018empirical",
    .needs = needs,
    .direction = Direction::none,
    .ingredients = used,
    .cost = price,
    .doc = "The ten largest eigenvalues of the Hessian of the training objective, descending.",
    .compute = top,
};

extern const Measure hessian_negativity{
    .name = "hessian_negativity",
    .formula = R"(\max(0, -\lambda_P(H)) / \lambda_1(H))",
    .source = "sagun2018empirical",
    .needs = needs,
    .direction = Direction::none,
    .ingredients = used,
    .cost = price,
    .doc = "Most negative eigenvalue of the Hessian of the training objective over the largest one: 0 at a minimum.",
    .compute = negativity,
};

extern const Measure ggn_lambda_max{
    .name = "ggn_lambda_max",
    .formula = R"(\lambda_1(G), \quad G = \frac1m \sum_i J_i^\top (\nabla^2_f \ell_i) J_i)",
    .source = "schraudolph2002fast",
    .needs = needs,
    .direction = Direction::larger_gap,
    .ingredients = used,
    .cost = price,
    .doc = "Largest eigenvalue of the Gauss-Newton matrix of the training loss, without regulariser; for cross-entropy it is that of the model's "
           "own Fisher matrix.",
    .compute = ggn_top,
};

}  // namespace assay::measures
