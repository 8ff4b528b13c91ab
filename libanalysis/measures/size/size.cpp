// Sizes: how many numbers, how many weights, how many layers with weights.

#include "libanalysis/measures/subject.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

namespace assay::measures {
namespace {

std::vector<Value> parameters_of(Subject& subject, const Parameters&) {
    double count = 0;
    for (const model::Parameter& parameter : subject.model().parameters) count += static_cast<double>(element_count(parameter.shape));
    return {whole(count)};
}

std::vector<Value> weights_of(Subject& subject, const Parameters&) {
    double count = 0;
    std::vector<Value> values;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const double size = static_cast<double>(matrix.rows) * static_cast<double>(matrix.cols);
        values.push_back(of_layer(matrix.label, size));
        count += size;
    }
    values.push_back(whole(count));
    return values;
}

std::vector<Value> depth_of(Subject& subject, const Parameters&) {
    return {whole(static_cast<double>(weight_matrices(subject.model()).size()))};
}

}  // namespace

extern const Measure parameter_count{
    .name = "parameter_count",
    .formula = R"(\omega)",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "Number of stored parameters: weights, biases, and the parameters and moving statistics of normalisation layers.",
    .compute = parameters_of,
};

extern const Measure weight_count{
    .name = "weight_count",
    .formula = R"(\sum_l |W_l|)",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "Number of entries of the weight matrices, without biases; also by layer.",
    .compute = weights_of,
};

extern const Measure depth{
    .name = "depth",
    .formula = "d",
    .source = "jiang2020fantastic",
    .needs = Need::weights,
    .direction = Direction::larger_gap,
    .doc = "Number of weight matrices. A matrix that several layers share counts once.",
    .compute = depth_of,
};

}  // namespace assay::measures
