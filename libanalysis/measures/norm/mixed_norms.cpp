// Products of further norms of the layers, plain and over the margin.

#include "libanalysis/measures/ingredients/layer_eigenvalues.hpp"
#include "libanalysis/measures/margin_scale.hpp"
#include "libanalysis/measures/norms.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>
#include <limits>

namespace assay::measures {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// `norm`: (const WeightMatrix&) -> double; sum over layers of its logarithm.
template <class F>
double log_product(Subject& subject, F norm) {
    double sum = 0;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const double value = norm(matrix);
        if (!(value > 0)) throw Error(ErrorKind::data, {"layer " + matrix.label, "a weight that is not zero", "zeros only: its logarithm is infinite"});
        sum += std::log(value);
    }
    return sum;
}

double of_mixed(Subject& subject, double p, double q) {
    return log_product(subject, [&](const WeightMatrix& matrix) {
        const model::Tensor& tensor = subject.model().weights[matrix.parameter];
        require_finite(subject.model(), tensor, matrix.parameter);
        return mixed_norm(tensor.to_double(), matrix.rows, matrix.cols, p, q);
    });
}

double of_schatten(Subject& subject, double p) {
    return log_product(subject, [&](const WeightMatrix& matrix) {
        double sum = 0;
        for (const double value : subject.get<ingredients::LayerEigenvalues>({"matrix", matrix.parameter}).ascending) sum += std::pow(value, p / 2);
        return std::pow(sum, 1 / p);
    });
}

double l1_inf(Subject& subject) { return of_mixed(subject, 1, infinity); }
double l3_1_5(Subject& subject) { return of_mixed(subject, 3, 1.5); }
double trace(Subject& subject) { return of_schatten(subject, 1); }
double schatten_1_5(Subject& subject) { return of_schatten(subject, 1.5); }

template <double (*log_norm)(Subject&)>
std::vector<Value> plain(Subject& subject, const Parameters&) { return {whole(log_norm(subject))}; }

template <double (*log_norm)(Subject&)>
std::vector<Value> over_margin(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const char* convention : {"exact", "dziugaite"})
        values.push_back(attempt(convention, [&] { return log_norm(subject) + log_inverse_squared_margin(subject, convention) / 2; }));
    return values;
}

constexpr Need margin_needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels;
constexpr std::string_view margin_doc = "Over the margin, not squared; the conventions differ in gamma, as in inverse_margin.";

}  // namespace

extern const Measure log_prod_of_l1_inf{
    .name = "log_prod_of_l1_inf",
    .formula = R"(\sum_l \ln \max_u \|W_{l,u}\|_1)",
    .source = "neyshabur2019role",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "Logarithm of the product of L_{1,inf} norms: the sum of magnitudes over the inputs of a unit, the largest over units.",
    .compute = plain<l1_inf>,
};

extern const Measure log_prod_of_l3_1_5{
    .name = "log_prod_of_l3_1_5",
    .formula = R"(\sum_l \ln \left( \sum_u \|W_{l,u}\|_3^{3/2} \right)^{2/3})",
    .source = "neyshabur2019role",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "Logarithm of the product of L_{3,1.5} norms: the 3-norm over the inputs of a unit, the 1.5-norm over units.",
    .compute = plain<l3_1_5>,
};

extern const Measure log_prod_of_trace_norm{
    .name = "log_prod_of_trace_norm",
    .formula = R"(\sum_l \ln \sum_i \sigma_i(W_l))",
    .source = "neyshabur2019role",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .ingredients = "layer_eigenvalues,layer_spectrum",
    .doc = "Logarithm of the product of trace norms, the sums of singular values (kernels as matrices).",
    .compute = plain<trace>,
};

extern const Measure log_prod_of_schatten_1_5{
    .name = "log_prod_of_schatten_1_5",
    .formula = R"(\sum_l \ln \left( \sum_i \sigma_i(W_l)^{3/2} \right)^{2/3})",
    .source = "neyshabur2019role",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .ingredients = "layer_eigenvalues,layer_spectrum",
    .doc = "Logarithm of the product of Schatten 1.5-norms (kernels as matrices).",
    .compute = plain<schatten_1_5>,
};

extern const Measure log_prod_of_l1_inf_over_margin{
    .name = "log_prod_of_l1_inf_over_margin",
    .formula = R"(\sum_l \ln \max_u \|W_{l,u}\|_1 - \ln \gamma)",
    .source = "neyshabur2019role",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = "labels,margins,outputs",
    .doc = margin_doc,
    .compute = over_margin<l1_inf>,
};

extern const Measure log_prod_of_l3_1_5_over_margin{
    .name = "log_prod_of_l3_1_5_over_margin",
    .formula = R"(\sum_l \ln \left( \sum_u \|W_{l,u}\|_3^{3/2} \right)^{2/3} - \ln \gamma)",
    .source = "neyshabur2019role",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = "labels,margins,outputs",
    .doc = margin_doc,
    .compute = over_margin<l3_1_5>,
};

extern const Measure log_prod_of_trace_norm_over_margin{
    .name = "log_prod_of_trace_norm_over_margin",
    .formula = R"(\sum_l \ln \sum_i \sigma_i(W_l) - \ln \gamma)",
    .source = "neyshabur2019role",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = "labels,layer_eigenvalues,layer_spectrum,margins,outputs",
    .doc = margin_doc,
    .compute = over_margin<trace>,
};

extern const Measure log_prod_of_schatten_1_5_over_margin{
    .name = "log_prod_of_schatten_1_5_over_margin",
    .formula = R"(\sum_l \ln \left( \sum_i \sigma_i(W_l)^{3/2} \right)^{2/3} - \ln \gamma)",
    .source = "neyshabur2019role",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = "labels,layer_eigenvalues,layer_spectrum,margins,outputs",
    .doc = margin_doc,
    .compute = over_margin<schatten_1_5>,
};

}  // namespace assay::measures
