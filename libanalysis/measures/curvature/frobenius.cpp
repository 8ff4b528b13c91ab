// Frobenius norm of the Hessian.

#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/measures/ingredients/curvature_trace.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/spectral/spectrum.hpp"

#include <cmath>

namespace assay::measures {
namespace {

double by_columns(const linop::LinearOperator& a) {
    std::vector<double> unit(a.rows(), 0.0), column(a.rows());
    double squares = 0;
    for (std::size_t i = 0; i < unit.size(); ++i) {
        unit[i] = 1;
        a.apply(unit, column);
        for (const double x : column) squares += x * x;
        unit[i] = 0;
    }
    return std::sqrt(squares);
}

std::vector<Value> compute(Subject& subject, const Parameters&) {
    const engine::Primal& primal = ingredients::training_primal(subject);
    const auto hessian = linop::find_curvature_kind("hessian").make(primal);
    Value value;
    if (primal.size() <= ingredients::few_parameters) {
        value = whole(by_columns(*hessian));
    } else {
        const Context& context = subject.context();
        spectral::TraceOptions options;
        options.products = 30;
        options.seed = context.seed.child("hessian_frobenius");
        options.memory = context.memory / 4;
        options.threads = context.threads;
        options.poll = [&context] { context.check_stop(); };
        const spectral::Estimate norm = spectral::frobenius_norm(*hessian, options);
        value = whole(norm.value);
        value.standard_error = norm.standard_error;
    }
    value.objective = ingredients::objective_words(subject, primal);
    return {value};
}

}  // namespace

extern const Measure hessian_frobenius{
    .name = "hessian_frobenius",
    .formula = R"(\|H\|_F)",
    .source = "wu2017towards",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .ingredients = "training_primal",
    .cost = "30 products",
    .doc = "Frobenius norm of the Hessian of the training objective: the root of the mean of |H v|^2 over 30 random sign vectors, with its standard "
           "error; exact for networks of up to 64 parameters.",
    .compute = compute,
};

}  // namespace assay::measures
