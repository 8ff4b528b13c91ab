// Bounds on the Vapnik-Chervonenkis dimension.

#include "libanalysis/measures/ingredients/fourier_norm.hpp"
#include "libanalysis/measures/ingredients/predictions.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

#include <cmath>

namespace assay::measures {
namespace {

struct Size { double depth = 0, weights = 0; };

Size size_of(const model::Model& model) {
    Size size;
    for (const WeightMatrix& matrix : weight_matrices(model)) {
        ++size.depth;
        size.weights += static_cast<double>(matrix.rows) * static_cast<double>(matrix.cols);
    }
    return size;
}

std::vector<Value> dimension(Subject& subject, const Parameters&) {
    const auto [d, weights] = size_of(subject.model());
    return {whole(d + 2 * d * std::log(22 * d * 32 * 32) * weights, "pgdl")};
}

std::vector<Value> bound(Subject& subject, const Parameters&) {
    const auto [d, weights] = size_of(subject.model());
    const auto& predictions = subject.get<ingredients::Predictions>({"train"});
    const auto& outputs = subject.get<ingredients::Outputs>({"train"});
    if (outputs.width < 2) throw Error(ErrorKind::data, {"network outputs", "a score for each class", "one"});
    const auto m = static_cast<double>(predictions.rows), classes = static_cast<double>(outputs.width);
    const auto n = static_cast<double>(ingredients::image_size(subject).height);
    const double logarithm = std::log2(6 * d * n);
    return {whole(predictions.accuracy() + 3888 * classes * std::sqrt(d * logarithm * logarithm * logarithm * weights / m) + std::sqrt(std::log(100) / m),
                  "dziugaite")};
}

}  // namespace

extern const Measure vc_dim{
    .name = "vc_dim",
    .formula = R"(d + 2 d \ln(22 d \cdot 32^2) \sum_l |W_l|)",
    .source = "pgdl2020",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = "pgdl",
    .doc = "PGDL's baseline: a bound on the dimension from the number of kernels d and of their weights. The 32 is the side of the competition's images "
           "and stays for others.",
    .compute = dimension,
};

extern const Measure vc_bound{
    .name = "vc_bound",
    .formula = R"(1 - \hat L + 3888 \kappa \sqrt{d \log_2(6 d n)^3 \omega / m} + \sqrt{\ln(100) / m})",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .conventions = "dziugaite",
    .ingredients = "labels,outputs,predictions",
    .doc = "A bound by the dimension as a public code that goes on from Dziugaite et al.'s computes it: omega counts kernel weights, n is the height of "
           "the input image, and the training accuracy stands where the bound has the training error.",
    .compute = bound,
};

}  // namespace assay::measures
