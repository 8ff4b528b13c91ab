// Spectral norms by layer, and stable ranks.

#include "libanalysis/measures/eigenvalue_sums.hpp"
#include "libanalysis/measures/ingredients/layer_spectrum.hpp"
#include "libanalysis/measures/layer_means.hpp"
#include "libanalysis/measures/norms.hpp"
#include "libanalysis/measures/values.hpp"

#include <algorithm>

namespace assay::measures {
namespace {

std::vector<Value> norms(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const char* convention : {"matrix", "circular", "exact"}) {
        double largest = 0;
        std::string refused;
        for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
            Value value = attempt(convention, [&] { return spectral_norm_of(subject, matrix, convention); });
            value.layer = matrix.label;
            if (value.ok())
                largest = std::max(largest, std::get<double>(value.value));
            else if (refused.empty())
                refused = value.reason;
            values.push_back(std::move(value));
        }
        values.push_back(refused.empty() ? whole(largest, convention) : missing(refused, convention));
    }
    return values;
}

std::vector<Value> ranks(Subject& subject, const Parameters&) {
    std::vector<Value> values = with_layer_mean(subject, "matrix", [&](const WeightMatrix& matrix) {
        const auto& spectrum = subject.get<ingredients::LayerSpectrum>({"final", matrix.parameter});
        if (spectrum.norm() == 0) throw Error(ErrorKind::data, {"layer " + matrix.label, "a weight that is not zero", "zeros only"});
        return spectrum.frobenius_squared / (spectrum.norm() * spectrum.norm());
    });
    for (Value& value : with_layer_mean(subject, "weightwatcher", [&](const WeightMatrix& matrix) {
             return stable_rank_of(subject.get<ingredients::LayerEigenvalues>({"weightwatcher", matrix.parameter}).ascending);
         }))
        values.push_back(std::move(value));
    return values;
}

std::vector<Value> sum_of_ranks(Subject& subject, const Parameters&) { return {whole(sum_over_squared_spectral(subject, false))}; }

}  // namespace

extern const Measure spectral_norm{
    .name = "spectral_norm",
    .formula = R"(\|W_l\|_2, \quad \max_l \|W_l\|_2)",
    .source = "sedghi2019singular",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = "matrix,circular,exact",
    .ingredients = "convolution_norm,layer_geometry,layer_spectrum",
    .doc = "Largest singular value by layer; the whole model's is the largest of them. matrix: the kernel reshaped to [height width in, out], "
           "a depthwise one to [height width, out] for each channel; "
           "circular: the convolution with circular padding at the layer's own input size, its stride ignored; exact: the operator as the "
           "layer applies it, with stride, dilation, groups and zero padding. All three agree for dense layers.",
    .compute = norms,
};

extern const Measure stable_rank{
    .name = "stable_rank",
    .formula = R"(\|W_l\|_F^2 / \|W_l\|_2^2)",
    .source = "rudelson2007sampling",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .conventions = "matrix,weightwatcher",
    .version = 2,
    .ingredients = "layer_eigenvalues,layer_spectrum",
    .doc = "Stable rank by layer; the whole model's is the mean over the layers that are not all zero. matrix: kernels as matrices; weightwatcher: of the "
           "eigenvalues that alpha's convention puts together.",
    .compute = ranks,
};

extern const Measure fro_over_spec{
    .name = "fro_over_spec",
    .formula = R"(\sum_l \|W_l\|_F^2 / \|W_l\|_2^2)",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .ingredients = "layer_spectrum",
    .doc = "Sum of the stable ranks (kernels as matrices).",
    .compute = sum_of_ranks,
};

}  // namespace assay::measures
