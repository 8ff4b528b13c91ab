// Binary cross-entropy of sigmoid(z) with targets t in [0, 1], from the logits z, averaged over the outputs:
// (1/n) sum_j log(1 + e^{z_j}) - t_j z_j. Gradient (s - t) / n with s = sigmoid(z); Hessian diag(s (1 - s)) / n.

#include "libanalysis/engine/losses/labels.hpp"
#include "libanalysis/engine/pointwise.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace assay::engine::loss_functions {

namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

void value(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels, std::span<double> losses) {
    const std::size_t n = index(width);
    for (std::size_t i = 0; i < index(rows); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < n; ++j) {
            const double z = outputs[i * n + j], t = target_of(labels, i, j, n);
            // For z > 0, log(1 + e^z) - t z = log(1 + e^-z) + (1 - t) z: no difference of large numbers.
            sum += z > 0 ? std::log1p(std::exp(-z)) + (1 - t) * z : std::log1p(std::exp(z)) - t * z;
        }
        losses[i] = sum / static_cast<double>(n);
    }
}

void gradient(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels, std::span<double> gradient) {
    const std::size_t n = index(width);
    for (std::size_t i = 0; i < index(rows); ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            const double z = outputs[i * n + j], t = target_of(labels, i, j, n);
            // s - t = (1 - t) s - t (1 - s), exact in both tails.
            const double slope = (1 - t) * pointwise::Sigmoid::value(z) - t * pointwise::Sigmoid::value(-z);
            gradient[i * n + j] = slope / static_cast<double>(n);
        }
    }
}

void hessian_product(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels&, std::span<const double> tangent,
                     std::span<double> product) {
    for (std::size_t i = 0; i < index(rows * width); ++i) {
        product[i] = pointwise::Sigmoid::first(outputs[i]) * tangent[i] / static_cast<double>(width);
    }
}

void factor_product(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels&, std::span<const double> u,
                    std::span<double> product) {
    for (std::size_t i = 0; i < index(rows * width); ++i) {
        product[i] = std::sqrt(pointwise::Sigmoid::first(outputs[i]) / static_cast<double>(width)) * u[i];
    }
}

std::int64_t rank(std::int64_t width) { return width; }

void factor_columns(std::span<const double> outputs, std::int64_t rows, std::int64_t width, std::int64_t first, std::int64_t count,
                    std::span<double> columns) {
    const std::size_t n = index(width);
    std::fill(columns.begin(), columns.end(), 0.0);
    std::vector<double> weight(n);
    std::vector<std::size_t> order(n);
    for (std::size_t i = 0; i < index(rows); ++i) {
        for (std::size_t j = 0; j < n; ++j) weight[j] = pointwise::Sigmoid::first(outputs[i * n + j]) / static_cast<double>(n);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return weight[a] > weight[b]; });
        for (std::size_t k = 0; k < index(count); ++k) {
            const std::size_t j = order[index(first) + k];
            columns[(k * index(rows) + i) * n + j] = std::sqrt(weight[j]);
        }
    }
}

/// The mean over n outputs is -log of the likelihood divided by n, whose gradients square to 1 / n of its curvature: hence the root.
void sampled_gradient(std::span<const double> outputs, std::int64_t rows, std::int64_t width, Seed seed, std::int64_t first_row,
                      std::span<double> gradient) {
    const std::size_t n = index(width);
    for (std::size_t i = 0; i < index(rows); ++i) {
        const Seed row = seed.child(static_cast<std::uint64_t>(first_row) + i);
        for (std::size_t j = 0; j < n; ++j) {
            const double z = outputs[i * n + j], s = pointwise::Sigmoid::value(z);
            const double slope = row.uniform(j) < s ? -pointwise::Sigmoid::value(-z) : s;
            gradient[i * n + j] = slope / std::sqrt(static_cast<double>(n));
        }
    }
}

// ---- on a device ----

using Rows = LossOnDevice::Rows;

/// s (1 - s) / n.
Buffer weights_on_device(Backend& lane, Rows size, ConstView outputs) {
    Buffer share = lane.allocate(DType::float64, size.size()), weights = lane.allocate(DType::float64, size.size());
    lane.fill(share.view(), 1 / static_cast<double>(size.width));
    lane.map_first(Pointwise::sigmoid, 0, outputs, share.view(), weights.view(), false);
    return weights;
}

/// ((1 - t) s(z) - t s(-z)) / n.
void gradient_on_device(Backend& lane, Rows size, ConstView outputs, ConstView, const Labels& labels, View gradient) {
    Buffer targets = lane.from_host(targets_of(labels, size.rows, size.width), DType::float64);
    Buffer rest = lane.allocate(DType::float64, size.size()), mirrored = lane.allocate(DType::float64, size.size()),
           s = lane.allocate(DType::float64, size.size());
    lane.fill(rest.view(), 1);
    lane.axpy(-1, targets.view(), rest.view());
    lane.map(Pointwise::sigmoid, 0, outputs, s.view());
    lane.multiply(rest.view(), s.view(), gradient, false);
    lane.copy(outputs, mirrored.view());
    lane.scale(-1, mirrored.view());
    lane.map(Pointwise::sigmoid, 0, mirrored.view(), s.view());
    lane.scale(-1, s.view());
    lane.multiply(targets.view(), s.view(), gradient, true);
    lane.scale(1 / static_cast<double>(size.width), gradient);
}

void hessian_on_device(Backend& lane, Rows, ConstView weights, ConstView t, View product) { lane.multiply(weights, t, product, false); }

void factors_on_device(Backend& lane, Rows size, ConstView weights, ConstView t, View product) {
    Buffer root = lane.allocate(DType::float64, size.size()), moved = lane.allocate(DType::float64, size.size());
    lane.map(Pointwise::sqrt, 0, weights, root.view());
    lane.multiply(root.view(), t, moved.view(), false);
    lane.multiply(root.view(), moved.view(), product, false);
}

}  // namespace

extern const Loss binary_cross_entropy_loss;
const Loss binary_cross_entropy_loss{
    .name = "binary_cross_entropy",
    .formula = R"(\frac1n \sum_j \log(1 + e^{z_j}) - t_j z_j)",
    .class_labels = false,
    .activation = "sigmoid",
    .value = value,
    .gradient = gradient,
    .hessian_product = hessian_product,
    .factor_product = factor_product,
    .factor_transpose_product = factor_product,   // diagonal
    .rank = rank,
    .factor_columns = factor_columns,
    .sampled_gradient = sampled_gradient,
    .on_device = {.curvature = weights_on_device, .gradient = gradient_on_device, .hessian_product = hessian_on_device, .factored_product = factors_on_device},
};

}  // namespace assay::engine::loss_functions
