// Path norm: the network with squared weights on an input of ones.

#include "libanalysis/measures/ingredients/path_sum.hpp"
#include "libanalysis/measures/margin_scale.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>

namespace assay::measures {
namespace {

using ingredients::PathSum;

std::vector<Value> compute(Subject& subject, const Parameters&) {
    return {attempt("exact", [&] { return subject.get<PathSum>({PathSum::Activations::linear, 2}); }),
            attempt("pgdl", [&] { return subject.get<PathSum>({PathSum::Activations::kept, 2}); })};
}

std::vector<Value> over_margin(Subject& subject, const Parameters&) {
    return {attempt("exact", [&] { return subject.get<PathSum>({PathSum::Activations::linear, 2}) * std::exp(log_inverse_squared_margin(subject, "exact")); }),
            attempt("dziugaite", [&] { return subject.get<PathSum>({PathSum::Activations::kept, 2}) * std::exp(log_inverse_squared_margin(subject, "dziugaite")); })};
}

std::vector<Value> of_any_power(Subject& subject, const Parameters& parameters) {
    const double p = positive(parameters, "p");
    return {attempt("exact", [&] { return std::pow(subject.get<PathSum>({PathSum::Activations::linear, p}), 1 / p); }),
            attempt("pgdl", [&] { return std::pow(subject.get<PathSum>({PathSum::Activations::kept, p}), 1 / p); })};
}

}  // namespace

extern const Measure lp_path_norm{
    .name = "lp_path_norm",
    .formula = R"(\left( \sum_i f_{|w|^p}(\mathbf 1)_i \right)^{1/p})",
    .source = "neyshabur2019role",
    .needs = Need::weights | Need::architecture,
    .direction = Direction::larger_gap,
    .conventions = "exact,pgdl",
    .parameters = "p=1|1.5|2",
    .ingredients = "path_sum",
    .doc = "path_norm with magnitudes to the power p and the p-th root of the sum: at p = 2 the root of path_norm. Conventions and "
           "BatchNormalization as there.",
    .compute = of_any_power,
};

extern const Measure path_norm{
    .name = "path_norm",
    .formula = R"(\sum_i f_{w^2}(\mathbf 1)_i)",
    .source = "neyshabur2015norm",
    .needs = Need::weights | Need::architecture,
    .direction = Direction::larger_gap,
    .conventions = "exact,pgdl",
    .ingredients = "path_sum",
    .doc = "Sum of the outputs of the network whose weights and biases are squared, on an input of ones, in double. exact: with linear "
           "activations, which is the sum over all paths; pgdl: activations kept. Max pooling takes the largest in both. "
           "BatchNormalization is folded into the convolution or dense layer before it, and refused elsewhere.",
    .compute = compute,
};

extern const Measure path_norm_over_margin{
    .name = "path_norm_over_margin",
    .formula = R"(\gamma^{-2} \sum_i f_{w^2}(\mathbf 1)_i)",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = "labels,margins,outputs,path_sum",
    .doc = "exact: linear activations and the interpolated margin; dziugaite: activations kept and the floor(m/10)-th smallest margin.",
    .compute = over_margin,
};

}  // namespace assay::measures
