// Gradients of the training loss: of the mean, and of the rows about it.

#include "libanalysis/measures/ingredients/gradient_norms.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>

namespace assay::measures {
namespace {

using ingredients::GradientNorms;

double mean_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double x : values) sum += x;
    return sum / static_cast<double>(values.size());
}

std::vector<Value> of_loss(Subject& subject, Value value) {
    value.objective = ingredients::objective_words(subject, ingredients::unregularised_primal(subject));
    return {value};
}

std::vector<Value> norm(Subject& subject, const Parameters&) {
    const engine::Primal& primal = ingredients::training_primal(subject);
    double squares = 0;
    for (const double x : primal.loss_gradient().vector) squares += x * x;
    Value value = whole(std::sqrt(squares));
    value.objective = ingredients::objective_words(subject, primal);
    return {value};
}

std::vector<Value> of_rows(Subject& subject, const Parameters&) {
    const std::vector<double>& rows = subject.get<GradientNorms>({}).rows;
    const double mean = mean_of(rows), n = static_cast<double>(rows.size());
    Value value = whole(mean);
    if (subject.options().sampled && value.ok() && rows.size() > 1) {
        double squares = 0;
        for (const double x : rows) squares += (x - mean) * (x - mean);
        value.standard_error = std::sqrt(squares / (n - 1) / n);
    }
    return of_loss(subject, value);
}

std::vector<Value> noise(Subject& subject, const Parameters&) {
    const GradientNorms::Value& found = subject.get<GradientNorms>({});
    return of_loss(subject, whole(mean_of(found.rows) - found.mean));
}

std::vector<Value> noise_scale(Subject& subject, const Parameters&) {
    const GradientNorms::Value& found = subject.get<GradientNorms>({});
    return of_loss(subject, whole((mean_of(found.rows) - found.mean) / found.mean, {}, "the mean gradient is zero"));
}

constexpr Need needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels;

}  // namespace

extern const Measure gradient_norm{
    .name = "gradient_norm",
    .formula = R"(\|g\|_2)",
    .source = "pearlmutter1994fast",
    .needs = needs,
    .direction = Direction::none,
    .ingredients = "training_primal",
    .cost = "3 passes",
    .doc = "Norm of the gradient of the training objective, the stated regulariser included: how far the weights are from a stationary point.",
    .compute = norm,
};

extern const Measure row_gradient_norm{
    .name = "row_gradient_norm",
    .formula = R"(\frac1m \sum_i \|\nabla \ell_i\|_2^2)",
    .source = "jiang2020fantastic",
    .needs = needs,
    .direction = Direction::larger_gap,
    .ingredients = "gradient_norms,training_primal",
    .cost = "6 passes, shared by the measures of gradient_norms",
    .doc = "Mean squared norm of the rows' own gradients of the loss, without regulariser: the trace of the empirical Fisher matrix. BatchNormalization at "
           "inference, so that rows do not mix.",
    .compute = of_rows,
};

extern const Measure gradient_noise{
    .name = "gradient_noise",
    .formula = R"(\frac1m \sum_i \|\nabla \ell_i\|_2^2 - \|\nabla L\|_2^2)",
    .source = "jiang2020fantastic",
    .needs = needs,
    .direction = Direction::larger_gap,
    .ingredients = "gradient_norms,training_primal",
    .cost = "6 passes, shared by the measures of gradient_norms",
    .doc = "Variance of the rows' gradients: the trace of their covariance matrix (divisor m), without regulariser.",
    .compute = noise,
};

extern const Measure gradient_noise_scale{
    .name = "gradient_noise_scale",
    .formula = R"((\frac1m \sum_i \|\nabla \ell_i\|_2^2 - \|\nabla L\|_2^2) / \|\nabla L\|_2^2)",
    .source = "mccandlish2018empirical",
    .needs = needs,
    .direction = Direction::none,
    .ingredients = "gradient_norms,training_primal",
    .cost = "6 passes, shared by the measures of gradient_norms",
    .doc = "gradient_noise over the squared norm of the mean gradient: the batch size at which noise and gradient weigh alike.",
    .compute = noise_scale,
};

}  // namespace assay::measures
