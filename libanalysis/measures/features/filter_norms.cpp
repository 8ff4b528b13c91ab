// How large the weights into each unit, and out of each input, are.

#include "libanalysis/measures/features/statistics.hpp"
#include "libanalysis/measures/subject.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

#include <cmath>

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters&) {
    std::vector<std::vector<double>> rows;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const model::Tensor& tensor = subject.model().weights[matrix.parameter];
        const auto last = static_cast<std::size_t>(tensor.shape.back()), inputs = static_cast<std::size_t>(tensor.shape[tensor.shape.size() - 2]);
        std::vector<double> in(matrix.cols, 0), out(inputs, 0);
        std::visit([&](const auto& values) {
            for (std::size_t i = 0; i < values.size(); ++i) {
                const double square = static_cast<double>(values[i]) * static_cast<double>(values[i]);
                in[i % matrix.cols] += square;
                out[i / last % inputs] += square;
            }
        }, tensor.values);
        for (double& value : in) value = features::log_size(std::sqrt(value));
        for (double& value : out) value = features::log_size(std::sqrt(value));
        std::vector<double> row = features::quantiles(std::move(in));
        const std::vector<double> more = features::quantiles(std::move(out));
        row.insert(row.end(), more.begin(), more.end());
        rows.push_back(std::move(row));
    }
    return features::both(rows);
}

}  // namespace

extern const Measure filter_norms{
    .name = "filter_norms",
    .formula = R"(Q_{0,25,50,75,100}(\ln \|W_{\cdot j}\|_2),\ Q(\ln \|W_{i \cdot}\|_2))",
    .source = "unterthiner2020predicting",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = "positional,pooled",
    .cost = features::price,
    .doc = "Quantiles of the logarithms of the norms of the weights into each unit and out of each input channel, for every weight matrix, in model order or pooled.",
    .compute = compute,
};

}  // namespace assay::measures
