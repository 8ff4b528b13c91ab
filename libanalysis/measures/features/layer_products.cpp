// How consecutive layers fit together: what the product of two says that neither says alone.

#include "libanalysis/measures/features/statistics.hpp"
#include "libanalysis/measures/subject.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/spectral/singular_values.hpp"

#include <cmath>

namespace assay::measures {
namespace {

// A kernel over channels alone, [inputs, units]: the sum over its taps (its response to a constant image).
struct Channels {
    std::size_t inputs = 0, units = 0;
    std::vector<double> sum;
};

Channels channels_of(const model::Tensor& tensor, const WeightMatrix& matrix) {
    if (matrix.blocks > 1) {   // the units of a channel see that channel alone
        Channels c{matrix.blocks, matrix.cols, std::vector<double>(matrix.blocks * matrix.cols, 0)};
        std::visit([&](const auto& values) {
            for (std::size_t i = 0; i < values.size(); ++i) {
                const std::size_t unit = i % c.units, channel = unit / (c.units / c.inputs);
                c.sum[channel * c.units + unit] += static_cast<double>(values[i]);
            }
        }, tensor.values);
        return c;
    }
    Channels c{static_cast<std::size_t>(tensor.shape[tensor.shape.size() - 2]), static_cast<std::size_t>(tensor.shape.back()), {}};
    c.sum.assign(c.inputs * c.units, 0);
    std::visit([&](const auto& values) {
        for (std::size_t i = 0; i < values.size(); ++i) c.sum[i % c.sum.size()] += static_cast<double>(values[i]);
    }, tensor.values);
    return c;
}

// After a Flatten the inputs are cells x channels, channels last: summed over cells. Empty where the layers do not follow one another.
std::vector<double> folded(const Channels& next, std::size_t units) {
    if (units == 0 || next.inputs % units != 0) return {};
    std::vector<double> sum(units * next.units, 0);
    for (std::size_t i = 0; i < next.sum.size(); ++i) sum[i % sum.size()] += next.sum[i];
    return sum;
}

std::vector<Value> compute(Subject& subject, const Parameters&) {
    std::vector<Channels> layers;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        require_finite(subject.model(), subject.model().weights[matrix.parameter], matrix.parameter);
        layers.push_back(channels_of(subject.model().weights[matrix.parameter], matrix));
    }
    std::vector<std::vector<double>> rows;
    for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
        const Channels& a = layers[l];
        const std::vector<double> b = folded(layers[l + 1], a.units);
        if (b.empty()) continue;
        const std::size_t cols = layers[l + 1].units;
        std::vector<double> product(a.inputs * cols, 0);
        for (std::size_t i = 0; i < a.inputs; ++i)
            for (std::size_t k = 0; k < a.units; ++k)
                for (std::size_t j = 0; j < cols; ++j) product[i * cols + j] += a.sum[i * a.units + k] * b[k * cols + j];
        const auto norm = [](const std::vector<double>& values) {
            double squares = 0;
            for (const double value : values) squares += value * value;
            return std::sqrt(squares);
        };
        const std::vector<double> s = spectral::singular_values(std::span<const double>(product), a.inputs, cols);
        std::vector<double> row = features::spectrum(s);
        row.push_back(features::log_size(norm(product)) - features::log_size(norm(a.sum)) - features::log_size(norm(b)));   // alignment
        rows.push_back(std::move(row));
    }
    return features::both(rows);
}

}  // namespace

extern const Measure layer_products{
    .name = "layer_products",
    .formula = R"(\text{spectrum of } \bar W_l \bar W_{l+1},\ \ln \frac{\|\bar W_l \bar W_{l+1}\|_F}{\|\bar W_l\|_F \|\bar W_{l+1}\|_F})",
    .source = "unterthiner2020predicting",
    .needs = Need::weights,
    .direction = Direction::none,
    .conventions = "positional,pooled",
    .cost = features::price,
    .doc = "For consecutive weight matrices whose sizes fit (kernels summed over their taps): singular values of the product as in spectrum_statistics, and how much "
           "smaller the product's norm is than the product of the norms. In model order or pooled.",
    .compute = compute,
};

}  // namespace assay::measures
