// Traces of the Hessian and of the Gauss-Newton matrix.

#include "libanalysis/measures/curvature/eigenvalues.hpp"
#include "libanalysis/measures/ingredients/curvature_trace.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>

namespace assay::measures {
namespace {

using ingredients::CurvatureTrace;

// trace / divisor with its standard error, where it is an estimate.
std::vector<Value> scaled(Subject& subject, const char* kind, double divisor) {
    const spectral::Estimate& trace = subject.get<CurvatureTrace>({kind});
    Value value = whole(trace.value / divisor);
    if (value.ok() && trace.method != "exact") value.standard_error = trace.standard_error / std::abs(divisor);
    const bool hessian = std::string_view(kind) == "hessian";
    value.objective = ingredients::objective_words(subject, hessian ? ingredients::training_primal(subject) : ingredients::unregularised_primal(subject));
    return {value};
}

std::vector<Value> hessian(Subject& subject, const Parameters&) { return scaled(subject, "hessian", 1); }
std::vector<Value> gauss_newton(Subject& subject, const Parameters&) { return scaled(subject, "ggn", 1); }

std::vector<Value> over_rows(Subject& subject, const Parameters&) {
    if (subject.options().sampled) return {missing("needs the number of training rows, these are a sample of them")};
    return scaled(subject, "hessian", static_cast<double>(subject.rows("train")->count()));
}

std::vector<Value> over_largest(Subject& subject, const Parameters&) {
    const double largest = hessian_largest(subject).front();
    if (!(largest > 0)) return {missing("the largest eigenvalue is not positive")};
    return scaled(subject, "hessian", largest);
}

constexpr Need needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels;

}  // namespace

extern const Measure hessian_trace{
    .name = "hessian_trace",
    .formula = R"(\mathrm{tr} \, H)",
    .source = "yao2020pyhessian",
    .needs = needs,
    .direction = Direction::larger_gap,
    .ingredients = "curvature_trace,training_primal",
    .cost = "one reverse pass for each output where it is exact, else 60 products",
    .doc = "Trace of the Hessian of the training objective, the stated regulariser included. Exact, without a standard error, for piecewise-linear "
           "networks whose parameters are used once (where it is the Gauss-Newton matrix's) and for networks of up to 64 parameters; otherwise by "
           "XTrace with its standard error.",
    .compute = hessian,
};

extern const Measure hessian_trace_over_rows{
    .name = "hessian_trace_over_rows",
    .formula = R"(\mathrm{tr} \, H / m)",
    .source = "yao2020pyhessian",
    .needs = needs,
    .direction = Direction::larger_gap,
    .ingredients = "curvature_trace,training_primal",
    .cost = "as hessian_trace",
    .doc = "hessian_trace over the number of training rows. Needs all of them: a sample does not say how many there are.",
    .compute = over_rows,
};

extern const Measure hessian_trace_over_lambda_max{
    .name = "hessian_trace_over_lambda_max",
    .formula = R"(\mathrm{tr} \, H / \lambda_1(H))",
    .source = "rudelson2007sampling",
    .needs = needs,
    .direction = Direction::none,
    .ingredients = "curvature_eigenvalues,curvature_trace,training_primal",
    .cost = "as hessian_trace and hessian_lambda_max",
    .doc = "Trace of the Hessian over its largest eigenvalue: how many directions of the largest curvature would make up the trace.",
    .compute = over_largest,
};

extern const Measure ggn_trace{
    .name = "ggn_trace",
    .formula = R"(\mathrm{tr} \, G)",
    .source = "schraudolph2002fast",
    .needs = needs,
    .direction = Direction::larger_gap,
    .ingredients = "curvature_trace,training_primal",
    .cost = "one reverse pass for each output",
    .doc = "Trace of the Gauss-Newton matrix of the training loss, without regulariser. Exact; by XTrace with its standard error where a "
           "parameter is used twice.",
    .compute = gauss_newton,
};

}  // namespace assay::measures
