// Logarithms of products of norms, of their geometric sums, and of their ratios to the margin.

#include "libanalysis/measures/margin_scale.hpp"
#include "libanalysis/measures/norms.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>

namespace assay::measures {
namespace {

std::vector<Value> product_of_spectral(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const char* convention : {"matrix", "circular", "exact"})
        values.push_back(attempt(convention, [&] { return log_product_of_spectral(subject, convention).sum; }));
    return values;
}

std::vector<Value> sum_of_spectral(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const char* convention : {"matrix", "circular", "exact"})
        values.push_back(attempt(convention, [&] { return log_of_sum(log_product_of_spectral(subject, convention)); }));
    return values;
}

std::vector<Value> product_of_frobenius(Subject& subject, const Parameters&) { return {whole(log_product_of_frobenius(subject).sum)}; }
std::vector<Value> sum_of_frobenius(Subject& subject, const Parameters&) { return {whole(log_of_sum(log_product_of_frobenius(subject)))}; }

std::vector<Value> spectral_over_margin(Subject& subject, const Parameters&) {
    return {attempt("exact", [&] { return log_product_of_spectral(subject, "exact").sum + log_inverse_squared_margin(subject, "exact"); }),
            attempt("dziugaite", [&] { return log_product_of_spectral(subject, "matrix").sum + log_inverse_squared_margin(subject, "dziugaite"); })};
}

std::vector<Value> frobenius_over_margin(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const char* convention : {"exact", "dziugaite"})
        values.push_back(attempt(convention, [&] { return log_product_of_frobenius(subject).sum + log_inverse_squared_margin(subject, convention); }));
    return values;
}

// d (prod / gamma^2)^(1/d): the margin takes part in the mean.
double log_of_sum_over_margin(Subject& subject, LogSum product, const char* convention) {
    product.sum += log_inverse_squared_margin(subject, convention);
    return log_of_sum(product);
}

std::vector<Value> sum_of_spectral_over_margin(Subject& subject, const Parameters&) {
    return {attempt("exact", [&] { return log_of_sum_over_margin(subject, log_product_of_spectral(subject, "exact"), "exact"); }),
            attempt("dziugaite", [&] { return log_of_sum_over_margin(subject, log_product_of_spectral(subject, "matrix"), "dziugaite"); })};
}

std::vector<Value> sum_of_frobenius_over_margin(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const char* convention : {"exact", "dziugaite"})
        values.push_back(attempt(convention, [&] { return log_of_sum_over_margin(subject, log_product_of_frobenius(subject), convention); }));
    return values;
}

std::vector<Value> plain_sum_of_spectral(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const char* convention : {"matrix", "circular", "exact"})
        values.push_back(attempt(convention, [&] { return std::exp(log_of_sum(log_product_of_spectral(subject, convention))); }));
    return values;
}

std::vector<Value> plain_sum_of_frobenius(Subject& subject, const Parameters&) { return {whole(std::exp(log_of_sum(log_product_of_frobenius(subject))))}; }

double bound(Subject& subject, bool change) {
    const double ratio = sum_over_squared_spectral(subject, change);
    if (ratio <= 0) throw Error(ErrorKind::data, {"weights", "a change from the initial weights", "none: its logarithm is infinite"});
    return log_product_of_spectral(subject, "matrix").sum + log_inverse_squared_margin(subject, "dziugaite") + std::log(ratio);
}

std::vector<Value> bound_from_init(Subject& subject, const Parameters&) {
    return {attempt("dziugaite", [&] { return bound(subject, true); })};
}
std::vector<Value> bound_from_origin(Subject& subject, const Parameters&) {
    return {attempt("dziugaite", [&] { return bound(subject, false); })};
}

constexpr Need margin_needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels;

}  // namespace

extern const Measure log_prod_of_spec{
    .name = "log_prod_of_spec",
    .formula = R"(\sum_l \ln \|W_l\|_2^2)",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = "matrix,circular,exact",
    .ingredients = "convolution_norm,layer_geometry,layer_spectrum",
    .doc = "Logarithm of the product of squared spectral norms; conventions as in spectral_norm.",
    .compute = product_of_spectral,
};

extern const Measure log_sum_of_spec{
    .name = "log_sum_of_spec",
    .formula = R"(\ln d + \frac1d \sum_l \ln \|W_l\|_2^2)",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = "matrix,circular,exact",
    .ingredients = "convolution_norm,layer_geometry,layer_spectrum",
    .doc = "Logarithm of d times the geometric mean of squared spectral norms; d is the number of weight matrices.",
    .compute = sum_of_spectral,
};

extern const Measure log_prod_of_fro{
    .name = "log_prod_of_fro",
    .formula = R"(\sum_l \ln \|W_l\|_F^2)",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "Logarithm of the product of squared Frobenius norms.",
    .compute = product_of_frobenius,
};

extern const Measure log_sum_of_fro{
    .name = "log_sum_of_fro",
    .formula = R"(\ln d + \frac1d \sum_l \ln \|W_l\|_F^2)",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "Logarithm of d times the geometric mean of squared Frobenius norms.",
    .compute = sum_of_frobenius,
};

extern const Measure log_prod_of_spec_over_margin{
    .name = "log_prod_of_spec_over_margin",
    .formula = R"(\sum_l \ln \|W_l\|_2^2 - 2 \ln \gamma)",
    .source = "bartlett2017spectrally",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = "convolution_norm,labels,layer_geometry,layer_spectrum,margins,outputs",
    .doc = "exact: exact operator norms and the interpolated margin; dziugaite: kernels as matrices and the floor(m/10)-th smallest margin.",
    .compute = spectral_over_margin,
};

extern const Measure log_prod_of_fro_over_margin{
    .name = "log_prod_of_fro_over_margin",
    .formula = R"(\sum_l \ln \|W_l\|_F^2 - 2 \ln \gamma)",
    .source = "neyshabur2018pac",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = "labels,margins,outputs",
    .doc = "The conventions differ in gamma, as in inverse_margin.",
    .compute = frobenius_over_margin,
};

extern const Measure sum_of_spec{
    .name = "sum_of_spec",
    .formula = R"(d \left( \prod_l \|W_l\|_2^2 \right)^{1/d})",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = "matrix,circular,exact",
    .ingredients = "convolution_norm,layer_geometry,layer_spectrum",
    .doc = "d times the geometric mean of squared spectral norms: log_sum_of_spec without its logarithm.",
    .compute = plain_sum_of_spectral,
};

extern const Measure sum_of_fro{
    .name = "sum_of_fro",
    .formula = R"(d \left( \prod_l \|W_l\|_F^2 \right)^{1/d})",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "d times the geometric mean of squared Frobenius norms: log_sum_of_fro without its logarithm.",
    .compute = plain_sum_of_frobenius,
};

extern const Measure log_sum_of_spec_over_margin{
    .name = "log_sum_of_spec_over_margin",
    .formula = R"(\ln d + \frac1d \left( \sum_l \ln \|W_l\|_2^2 - 2 \ln \gamma \right))",
    .source = "jiang2020fantastic",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = "convolution_norm,labels,layer_geometry,layer_spectrum,margins,outputs",
    .doc = "log_sum_of_spec with the margin in the mean; conventions as in log_prod_of_spec_over_margin.",
    .compute = sum_of_spectral_over_margin,
};

extern const Measure log_sum_of_fro_over_margin{
    .name = "log_sum_of_fro_over_margin",
    .formula = R"(\ln d + \frac1d \left( \sum_l \ln \|W_l\|_F^2 - 2 \ln \gamma \right))",
    .source = "jiang2020fantastic",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = "labels,margins,outputs",
    .doc = "log_sum_of_fro with the margin in the mean. The conventions differ in gamma, as in inverse_margin.",
    .compute = sum_of_frobenius_over_margin,
};

extern const Measure log_spec_init_main{
    .name = "log_spec_init_main",
    .formula = R"(\ln \left( \gamma^{-2} \prod_l \|W_l\|_2^2 \sum_l \|W_l - W_l^0\|_F^2 / \|W_l\|_2^2 \right))",
    .source = "neyshabur2018pac",
    .needs = margin_needs | Need::init,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = "labels,layer_spectrum,margins,outputs",
    .doc = "Main term of the spectral bound around the initial weights (kernels as matrices, the floor(m/10)-th smallest margin).",
    .compute = bound_from_init,
};

extern const Measure log_spec_orig_main{
    .name = "log_spec_orig_main",
    .formula = R"(\ln \left( \gamma^{-2} \prod_l \|W_l\|_2^2 \sum_l \|W_l\|_F^2 / \|W_l\|_2^2 \right))",
    .source = "neyshabur2018pac",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = "labels,layer_spectrum,margins,outputs",
    .doc = "Main term of the spectral bound around the origin.",
    .compute = bound_from_origin,
};

}  // namespace assay::measures
