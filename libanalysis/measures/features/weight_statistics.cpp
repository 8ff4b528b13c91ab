// The seven statistics of every weight tensor (Unterthiner et al. 2020).

#include "libanalysis/measures/features/statistics.hpp"
#include "libanalysis/measures/subject.hpp"
#include "libanalysis/measures/values.hpp"

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters&) {
    std::vector<std::vector<double>> rows;
    for (const model::Tensor& tensor : subject.model().weights)
        if (tensor.size() > 0) rows.push_back(features::seven(tensor.to_double()));
    return features::both(rows);
}

}  // namespace

extern const Measure weight_statistics{
    .name = "weight_statistics",
    .formula = R"(\min, Q_1, Q_2, Q_3, \max, \mathrm{mean}, \mathrm{sd} \text{ of each tensor})",
    .source = "unterthiner2020predicting",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = "positional,pooled",
    .cost = features::price,
    .doc = "Minimum, quartiles, maximum, mean and standard deviation of every weight tensor, biases and normalisation too, in model order (positional), or "
           "minimum, mean and maximum of each over the tensors (pooled).",
    .compute = compute,
};

}  // namespace assay::measures
