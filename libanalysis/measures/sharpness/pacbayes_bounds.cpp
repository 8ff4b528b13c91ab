// PAC-Bayes bounds of Jiang et al. from the noise that the weights bear, as Dziugaite et al. compute them.

#include "libanalysis/measures/folded.hpp"
#include "libanalysis/measures/sharpness/noise.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

#include <cmath>

namespace assay::measures {
namespace {

using Scale = NoiseSearch::Scale;

/// The weights that the complexity term sums over. exact: all trainable parameters, which all carry noise; dziugaite: kernels alone,
/// BatchNormalization folded.
std::vector<double> weights_of(Subject& subject, const std::string& which, const std::string& convention) {
    const model::Model& model = subject.model();
    const model::Weights* weights = subject.weights(which);
    if (!weights) throw Error(ErrorKind::missing, {"", "", subject.absence(which).empty() ? "needs initial weights" : subject.absence(which)});
    std::vector<double> flat;
    const auto append = [&](const model::Tensor& tensor, std::size_t parameter) {
        require_finite(model, tensor, parameter);
        const std::vector<double> values = tensor.to_double();
        flat.insert(flat.end(), values.begin(), values.end());
    };
    if (convention == "dziugaite") {
        const model::Weights plain = has_normalisation(model) ? folded(model, *weights) : *weights;
        for (const WeightMatrix& matrix : weight_matrices(model)) append(plain[matrix.parameter], matrix.parameter);
    } else {
        for (std::size_t i = 0; i < model.parameters.size(); ++i)
            if (model.parameters[i].trainable) append((*weights)[i], i);
    }
    return flat;
}

double squared(const std::vector<double>& values) {
    double sum = 0;
    for (const double x : values) sum += x * x;
    return sum;
}

std::vector<double> minus(std::vector<double> a, const std::vector<double>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b.at(i);
    return a;
}

// ln(m / sigma) + 10
double rest(Subject& subject, double sigma) {
    if (subject.options().sampled)
        throw Error(ErrorKind::data, {"training rows", "all of them: the bound depends on their number", "a sample"});
    return std::log(static_cast<double>(subject.rows("train")->count()) / sigma) + 10;
}

double plain_bound(Subject& subject, const std::string& convention, bool from_init) {
    const double sigma = borne_noise(subject, convention, Scale::absolute);
    std::vector<double> w = weights_of(subject, "final", convention);
    if (from_init) w = minus(std::move(w), weights_of(subject, "init", convention));
    return squared(w) / (4 * sigma * sigma) + rest(subject, sigma);
}

double magnitude_bound(Subject& subject, const std::string& convention, bool from_init) {
    constexpr double epsilon_squared = 1e-6;
    const double sigma = borne_noise(subject, convention, Scale::magnitude);
    const std::vector<double> w = weights_of(subject, "final", convention);
    // The authors' code divides by the squared distances from the initial weights in both bounds.
    const bool distances = from_init || convention == "dziugaite";
    const std::vector<double> moved = distances ? minus(w, weights_of(subject, "init", convention)) : w;
    const double numerator = epsilon_squared + (sigma * sigma + 1) * squared(from_init ? moved : w) / static_cast<double>(w.size());
    double sum = 0;
    for (const double x : moved) sum += std::log(numerator / (epsilon_squared + sigma * sigma * x * x));
    return sum / 4 + rest(subject, sigma);
}

template <bool magnitude, bool from_init>
std::vector<Value> compute(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const char* convention : {"exact", "dziugaite"}) {
        values.push_back(attempt(convention, [&] { return magnitude ? magnitude_bound(subject, convention, from_init) : plain_bound(subject, convention, from_init); }));
        values.back().objective = "training accuracy";
    }
    return values;
}

constexpr Need orig_needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels, init_needs = orig_needs | Need::init;
constexpr std::string_view ingredients_used = "labels,noise_search,outputs,predictions";
constexpr std::string_view price = "up to 300 passes, shared by the measures of noise_search";

}  // namespace

extern const Measure pacbayes_orig{
    .name = "pacbayes_orig",
    .formula = R"(\frac{\|w\|_2^2}{4 \sigma^2} + \ln \frac{m}{\sigma} + 10)",
    .source = "jiang2020fantastic",
    .needs = orig_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = ingredients_used,
    .cost = price,
    .doc = "PAC-Bayes bound around the origin with the sigma of pacbayes_sigma. exact: the norm of all trainable parameters, which all "
           "carry noise; dziugaite: of kernels, BatchNormalization folded. Without size adjustment.",
    .compute = compute<false, false>,
};

extern const Measure pacbayes_init{
    .name = "pacbayes_init",
    .formula = R"(\frac{\|w - w^0\|_2^2}{4 \sigma^2} + \ln \frac{m}{\sigma} + 10)",
    .source = "jiang2020fantastic",
    .needs = init_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = ingredients_used,
    .cost = price,
    .doc = "As pacbayes_orig around the initial weights.",
    .compute = compute<false, true>,
};

extern const Measure pacbayes_mag_orig{
    .name = "pacbayes_mag_orig",
    .formula = R"(\frac14 \sum_i \ln \frac{\epsilon^2 + (\sigma'^2 + 1) \|w\|_2^2 / \omega}{\epsilon^2 + \sigma'^2 w_i^2} + \ln \frac{m}{\sigma'} + 10)",
    .source = "jiang2020fantastic",
    .needs = orig_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = ingredients_used,
    .cost = price,
    .doc = "Magnitude-aware PAC-Bayes bound around the origin with the sigma of pacbayes_sigma_magnitude, epsilon = 1e-3. dziugaite: of kernels, "
           "BatchNormalization folded, and (w_i - w_i^0)^2 in the denominator as in the authors' code. Without size adjustment.",
    .compute = compute<true, false>,
};

extern const Measure pacbayes_mag_init{
    .name = "pacbayes_mag_init",
    .formula = R"(\frac14 \sum_i \ln \frac{\epsilon^2 + (\sigma'^2 + 1) \|w - w^0\|_2^2 / \omega}{\epsilon^2 + \sigma'^2 (w_i - w_i^0)^2} + \ln \frac{m}{\sigma'} + 10)",
    .source = "jiang2020fantastic",
    .needs = init_needs,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = ingredients_used,
    .cost = price,
    .doc = "As pacbayes_mag_orig around the initial weights.",
    .compute = compute<true, true>,
};

}  // namespace assay::measures
