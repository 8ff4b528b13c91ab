// Dziugaite et al.'s measures with Fourier norms of convolutions.

#include "libanalysis/measures/ingredients/fourier_norm.hpp"
#include "libanalysis/measures/margin_scale.hpp"
#include "libanalysis/measures/norms.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>

namespace assay::measures {
namespace {

using ingredients::FourierNorm;

LogSum log_product(Subject& subject) {
    LogSum product{0, 0};
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const double norm = subject.get<FourierNorm>({"final", matrix.parameter});
        if (norm <= 0) throw Error(ErrorKind::data, {"layer " + matrix.label, "a weight that is not zero", "zeros only: its logarithm is infinite"});
        product.sum += 2 * std::log(norm);
        ++product.count;
    }
    return product;
}

LogSum log_product_over_margin(Subject& subject) {
    LogSum product = log_product(subject);
    product.sum += log_inverse_squared_margin(subject, "dziugaite");
    return product;
}

double ratio(Subject& subject, bool change) {
    log_product(subject);   // refuses zeros
    double sum = 0;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const double norm = subject.get<FourierNorm>({"final", matrix.parameter});
        const double above = change ? squared_distance(subject.model().weights[matrix.parameter], subject.weights("init")->at(matrix.parameter))
                                    : frobenius_squared_of(subject, matrix);
        sum += above / (norm * norm);
    }
    return sum;
}

double log_main(Subject& subject, bool change) {
    const double sum = ratio(subject, change);
    if (!(sum > 0)) throw Error(ErrorKind::data, {"weights", "a change from the initial weights", "none: its logarithm is infinite"});
    return log_product_over_margin(subject).sum + std::log(sum);
}

std::vector<Value> product(Subject& subject, const Parameters&) { return {whole(log_product(subject).sum, "dziugaite")}; }
std::vector<Value> sum(Subject& subject, const Parameters&) { return {whole(log_of_sum(log_product(subject)), "dziugaite")}; }
std::vector<Value> product_over_margin(Subject& subject, const Parameters&) { return {whole(log_product_over_margin(subject).sum, "dziugaite")}; }
std::vector<Value> sum_over_margin(Subject& subject, const Parameters&) { return {whole(log_of_sum(log_product_over_margin(subject)), "dziugaite")}; }
std::vector<Value> ranks(Subject& subject, const Parameters&) { return {whole(ratio(subject, false), "dziugaite")}; }
std::vector<Value> main_from_init(Subject& subject, const Parameters&) { return {whole(log_main(subject, true), "dziugaite")}; }
std::vector<Value> main_from_origin(Subject& subject, const Parameters&) { return {whole(log_main(subject, false), "dziugaite")}; }

std::vector<Value> distance(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    double total = 0;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const double norm = subject.get<FourierNorm>({"change", matrix.parameter});
        values.push_back(of_layer(matrix.label, norm * norm, "dziugaite"));
        total += norm * norm;
    }
    values.push_back(whole(total, "dziugaite"));
    return values;
}

/// (84 B sum_l k_l sqrt(c_l) + sqrt(ln(4 n^2 d))) exp(main) + ln(100 m) / gamma^2.
double whole_bound(Subject& subject, const Parameters& parameters, bool change) {
    const double b = positive(parameters, "B");
    const auto [height, width] = ingredients::image_size(subject);
    double widths = 0, d = 0;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const Shape& shape = subject.model().parameters[matrix.parameter].shape;
        widths += (matrix.convolution ? static_cast<double>(shape[0]) : 1) * std::sqrt(static_cast<double>(matrix.cols));
        ++d;
    }
    const double n = static_cast<double>(height);
    const double constant = 84 * b * widths + std::sqrt(std::log(4 * n * n * d));
    const auto m = static_cast<double>(subject.rows("train")->count());
    return constant * std::exp(log_main(subject, change)) + std::log(100 * m) * std::exp(log_inverse_squared_margin(subject, "dziugaite"));
}

std::vector<Value> bound_from_init(Subject& subject, const Parameters& parameters) { return {whole(whole_bound(subject, parameters, true), "dziugaite")}; }
std::vector<Value> bound_from_origin(Subject& subject, const Parameters& parameters) { return {whole(whole_bound(subject, parameters, false), "dziugaite")}; }

constexpr Need weights_needs = Need::weights | Need::architecture;
constexpr Need margin_needs = weights_needs | Need::train_data | Need::train_labels;
constexpr std::string_view norms = "fourier_norm,layer_geometry,layer_spectrum";
constexpr std::string_view with_margin = "fourier_norm,labels,layer_geometry,layer_spectrum,margins,outputs";

}  // namespace

extern const Measure log_prod_of_spec_fft{
    .name = "log_prod_of_spec_fft",
    .formula = R"(\sum_l \ln \max_\omega \|\hat W_l(\omega)\|_2^2)",
    .source = "dziugaite2020robust",
    .needs = weights_needs,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = norms,
    .doc = "log_prod_of_spec with the largest singular value of the kernel's Fourier transform at the size of the network's input image for every "
           "layer, as the authors' code has it (spectral_norm's circular takes the layer's own size).",
    .compute = product,
};

extern const Measure log_sum_of_spec_fft{
    .name = "log_sum_of_spec_fft",
    .formula = R"(\ln d + \frac1d \sum_l \ln \max_\omega \|\hat W_l(\omega)\|_2^2)",
    .source = "dziugaite2020robust",
    .needs = weights_needs,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = norms,
    .doc = "log_sum_of_spec with Fourier norms, as in log_prod_of_spec_fft.",
    .compute = sum,
};

extern const Measure fro_over_spec_fft{
    .name = "fro_over_spec_fft",
    .formula = R"(\sum_l \|W_l\|_F^2 / \max_\omega \|\hat W_l(\omega)\|_2^2)",
    .source = "dziugaite2020robust",
    .needs = weights_needs,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = norms,
    .doc = "fro_over_spec with Fourier norms, as in log_prod_of_spec_fft; the Frobenius norm stays the kernel's.",
    .compute = ranks,
};

extern const Measure dist_spec_init_fft{
    .name = "dist_spec_init_fft",
    .formula = R"(\sum_l \max_\omega \|\hat W_l(\omega) - \hat W_l^0(\omega)\|_2^2)",
    .source = "dziugaite2020robust",
    .needs = weights_needs | Need::init,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = norms,
    .doc = "dist_spec_init with Fourier norms, as in log_prod_of_spec_fft; also by layer.",
    .compute = distance,
};

extern const Measure log_prod_of_spec_over_margin_fft{
    .name = "log_prod_of_spec_over_margin_fft",
    .formula = R"(\sum_l \ln \max_\omega \|\hat W_l(\omega)\|_2^2 - 2 \ln \gamma)",
    .source = "dziugaite2020robust",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = with_margin,
    .doc = "log_prod_of_spec_over_margin with Fourier norms, as in log_prod_of_spec_fft.",
    .compute = product_over_margin,
};

extern const Measure log_sum_of_spec_over_margin_fft{
    .name = "log_sum_of_spec_over_margin_fft",
    .formula = R"(\ln d + \frac1d \left( \sum_l \ln \max_\omega \|\hat W_l(\omega)\|_2^2 - 2 \ln \gamma \right))",
    .source = "dziugaite2020robust",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = with_margin,
    .doc = "log_sum_of_spec_over_margin with Fourier norms, as in log_prod_of_spec_fft.",
    .compute = sum_over_margin,
};

extern const Measure log_spec_init_main_fft{
    .name = "log_spec_init_main_fft",
    .formula = R"(\ln \left( \gamma^{-2} \prod_l \|\hat W_l\|^2 \sum_l \|W_l - W_l^0\|_F^2 / \|\hat W_l\|^2 \right))",
    .source = "dziugaite2020robust",
    .needs = margin_needs | Need::init,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = with_margin,
    .doc = "log_spec_init_main with Fourier norms, as in log_prod_of_spec_fft.",
    .compute = main_from_init,
};

extern const Measure log_spec_orig_main_fft{
    .name = "log_spec_orig_main_fft",
    .formula = R"(\ln \left( \gamma^{-2} \prod_l \|\hat W_l\|^2 \sum_l \|W_l\|_F^2 / \|\hat W_l\|^2 \right))",
    .source = "dziugaite2020robust",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = with_margin,
    .doc = "log_spec_orig_main with Fourier norms, as in log_prod_of_spec_fft.",
    .compute = main_from_origin,
};

extern const Measure spec_init{
    .name = "spec_init",
    .formula = R"(\left( 84 B \sum_l k_l \sqrt{c_l} + \sqrt{\ln(4 n^2 d)} \right) e^{M} + \gamma^{-2} \ln(100 m))",
    .source = "jiang2020fantastic",
    .needs = margin_needs | Need::init,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .parameters = "B=115",
    .ingredients = with_margin,
    .doc = "The spectral bound around the initial weights with its constants, as a public code that goes on from Dziugaite et al.'s computes it: M is "
           "log_spec_init_main_fft, k the kernel's height (1 for dense layers), c the output channels, n the image's height, B a bound on the norm of the inputs "
           "(115 is that code's for CIFAR-10). Its bracket is not squared, which the bound's is. Without size adjustment: the code reports "
           "0.1 + sqrt(v / m).",
    .compute = bound_from_init,
};

extern const Measure spec_orig{
    .name = "spec_orig",
    .formula = R"(\left( 84 B \sum_l k_l \sqrt{c_l} + \sqrt{\ln(4 n^2 d)} \right) e^{M_0} + \gamma^{-2} \ln(100 m))",
    .source = "jiang2020fantastic",
    .needs = margin_needs,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .parameters = "B=115",
    .ingredients = with_margin,
    .doc = "spec_init around the origin: M_0 is log_spec_orig_main_fft.",
    .compute = bound_from_origin,
};

}  // namespace assay::measures
