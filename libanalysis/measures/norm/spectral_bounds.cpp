// Bounds of spectral norms and distances from the initial weights, and margins in their unit.

#include "libanalysis/measures/ingredients/layer_spectrum.hpp"
#include "libanalysis/measures/ingredients/margins.hpp"
#include "libanalysis/measures/margin_scale.hpp"
#include "libanalysis/measures/norms.hpp"
#include "libanalysis/measures/values.hpp"

#include <algorithm>
#include <cmath>

namespace assay::measures {
namespace {

/// sum_l a_l / s_l to the exponents of a bound, with ln prod s_l.
struct Terms { double log_product = 0, sum = 0, depth = 0; };

/// `above`: (const WeightMatrix&, double spectral norm) -> the layer's term.
template <class F>
Terms terms_of(Subject& subject, F term) {
    Terms terms;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const double norm = subject.get<ingredients::LayerSpectrum>({"final", matrix.parameter}).norm();
        if (!(norm > 0)) throw Error(ErrorKind::data, {"layer " + matrix.label, "a weight that is not zero", "zeros only"});
        terms.log_product += std::log(norm);
        terms.sum += term(matrix, norm);
        ++terms.depth;
    }
    return terms;
}

double training_rows(Subject& subject) { return static_cast<double>(subject.rows("train")->count()); }

/// Kernels and their layers' biases: what the bound's code counts.
double weights_and_biases(const model::Model& model) {
    double count = 0;
    for (const WeightMatrix& matrix : weight_matrices(model)) count += static_cast<double>(matrix.rows * matrix.cols);
    for (const model::Parameter& parameter : model.parameters)
        if (parameter.role == model::Role::bias) count += static_cast<double>(element_count(parameter.shape));
    return count;
}

double over_margin_and_rows(Subject& subject, double log_value, const char* convention) {
    return std::exp(log_value + log_inverse_squared_margin(subject, convention) / 2) / std::sqrt(training_rows(subject));
}

double l21_bound(Subject& subject, const char* convention) {
    const Terms terms = terms_of(subject, [&](const WeightMatrix& matrix, double norm) {
        return std::pow(mixed_norm(change_of(subject, matrix), matrix.rows, matrix.cols, 2, 1) / norm, 2.0 / 3);
    });
    return std::log(training_rows(subject)) * std::log(weights_and_biases(subject.model())) * std::pow(terms.sum, 1.5) *
           over_margin_and_rows(subject, terms.log_product, convention);
}

double frobenius_bound(Subject& subject, const char* convention) {
    const Terms terms = terms_of(subject, [&](const WeightMatrix& matrix, double norm) {
        const double distance = squared_distance(subject.model().weights[matrix.parameter], subject.weights("init")->at(matrix.parameter));
        return static_cast<double>(matrix.cols) * distance / (norm * norm);
    });
    return terms.depth * std::sqrt(terms.sum) * over_margin_and_rows(subject, terms.log_product, convention);
}

std::vector<Value> bartlett(Subject& subject, const Parameters&) {
    return {attempt("exact", [&] { return l21_bound(subject, "exact"); }), attempt("dziugaite", [&] { return l21_bound(subject, "dziugaite"); })};
}

std::vector<Value> neyshabur(Subject& subject, const Parameters&) {
    return {attempt("exact", [&] { return frobenius_bound(subject, "exact"); }), attempt("dziugaite", [&] { return frobenius_bound(subject, "dziugaite"); })};
}

/// Root of the sum of squares of all inputs, after their preprocessing.
double norm_of_inputs(Subject& subject) {
    const data::Rows& rows = *subject.rows("train");
    const data::Split& split = *rows.split;
    constexpr std::size_t chunk = 1024;
    double sum = 0;
    for (std::size_t input = 0; input < split.input_names().size(); ++input) {
        const Shape shape = split.input_shape(input);
        const auto size = static_cast<std::size_t>(element_count(shape));
        for (std::size_t first = 0; first < rows.indices.size(); first += chunk) {
            subject.context().check_stop();
            const auto part = std::span(rows.indices).subspan(first, std::min(chunk, rows.indices.size() - first));
            std::vector<double> values(part.size() * size);
            split.read(input, part, std::span<double>(values));
            rows.preprocessing.apply(std::span<double>(values), shape.empty() ? 1 : shape.back());
            for (const double x : values) sum += x * x;
        }
    }
    return std::sqrt(sum);
}

std::vector<Value> normalised(Subject& subject, const Parameters& parameters) {
    const double q = fraction(parameters, "quantile");
    const Terms terms = terms_of(subject, [&](const WeightMatrix& matrix, double norm) {
        const model::Tensor& tensor = subject.model().weights[matrix.parameter];
        require_finite(subject.model(), tensor, matrix.parameter);
        return std::pow(mixed_norm(tensor.to_double(), matrix.rows, matrix.cols, 2, 1) / norm, 2.0 / 3);
    });
    const double log_complexity = terms.log_product + 1.5 * std::log(terms.sum);
    const double margin = ingredients::interpolated_quantile(subject.get<ingredients::Margins>({"train"}), q);
    return {whole(margin * training_rows(subject) / (std::exp(log_complexity) * norm_of_inputs(subject)))};
}

constexpr Need margin_needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels;
constexpr std::string_view used = "labels,layer_spectrum,margins,outputs";

}  // namespace

extern const Measure spec_l21_bound{
    .name = "spec_l21_bound",
    .formula = R"(\ln m \ln \omega \prod_l s_l \left( \sum_l (\|\Delta_l\|_{2,1} / s_l)^{2/3} \right)^{3/2} / (\gamma \sqrt m), \quad s_l = \|W_l\|_2, \; \Delta_l = W_l - W_l^0)",
    .source = "bartlett2017spectrally",
    .needs = margin_needs | Need::init,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = used,
    .doc = "Bartlett, Foster and Telgarsky's bound around the initial weights as Neyshabur et al. (2019) compute it, kernels as matrices; the (2,1)-norm sums "
           "over units the 2-norm of their inputs, omega counts kernels and biases. Constants and logarithmic terms beside it are left out. The conventions "
           "differ in gamma, as in inverse_margin.",
    .compute = bartlett,
};

extern const Measure spec_fro_bound{
    .name = "spec_fro_bound",
    .formula = R"(d \prod_l s_l \left( \sum_l h_l \|W_l - W_l^0\|_F^2 / s_l^2 \right)^{1/2} / (\gamma \sqrt m))",
    .source = "neyshabur2018pac",
    .needs = margin_needs | Need::init,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = used,
    .doc = "Neyshabur, Bhojanapalli and Srebro's bound around the initial weights as Neyshabur et al. (2019) compute it, kernels as matrices; h is the "
           "number of the layer's units. The conventions differ in gamma, as in inverse_margin.",
    .compute = neyshabur,
};

extern const Measure normalised_margin{
    .name = "normalised_margin",
    .formula = R"(Q_q\{\gamma_i\} \, m / (R_W \|X\|_F), \quad R_W = \prod_l s_l \left( \sum_l (\|W_l\|_{2,1} / s_l)^{2/3} \right)^{3/2})",
    .source = "bartlett2017spectrally",
    .needs = margin_needs,
    .direction = Direction::smaller_gap,
    .parameters = "quantile=0.1|0.25|0.5|0.75|0.9",
    .ingredients = used,
    .doc = "Quantile (interpolated) of the training margins over the spectral complexity and the mean size of the inputs: Bartlett et al.'s normalised margin "
           "distribution, with reference matrices 0 and kernels as matrices.",
    .compute = normalised,
};

}  // namespace assay::measures
