#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/subject.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    double all_zeros = 0, all = 0;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        double zeros = 0;
        std::visit([&](const auto& array) {
            for (const auto x : array) zeros += x == 0;
        }, subject.model().weights[matrix.parameter].values);
        const double size = static_cast<double>(matrix.rows * matrix.cols);
        values.push_back(of_layer(matrix.label, zeros / size, {}, "the layer has no weights"));
        all_zeros += zeros;
        all += size;
    }
    values.push_back(whole(all_zeros / all, {}, "no layer has weights"));
    return values;
}

}  // namespace

extern const Measure exact_zeros{
    .name = "exact_zeros",
    .formula = R"(|\{i : W_i = 0\}| / \sum_l |W_l|)",
    .source = "han2015learning",
    .needs = Need::weights,
    .direction = Direction::none,
    .doc = "Share of weights that are exactly zero, without biases; also by layer.",
    .compute = compute,
};

}  // namespace assay::measures
