// Mean squared error over the outputs: (1/n) sum_j (z_j - t_j)^2. Gradient 2 (z - t) / n; Hessian 2 I / n.

#include "libanalysis/engine/losses/labels.hpp"

#include <algorithm>
#include <cmath>

namespace assay::engine::loss_functions {

namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

void value(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels, std::span<double> losses) {
    const std::size_t n = index(width);
    for (std::size_t i = 0; i < index(rows); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < n; ++j) {
            const double difference = outputs[i * n + j] - target_of(labels, i, j, n);
            sum += difference * difference;
        }
        losses[i] = sum / static_cast<double>(n);
    }
}

void gradient(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels, std::span<double> gradient) {
    const std::size_t n = index(width);
    for (std::size_t i = 0; i < index(rows); ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            gradient[i * n + j] = 2 * (outputs[i * n + j] - target_of(labels, i, j, n)) / static_cast<double>(n);
        }
    }
}

void hessian_product(std::span<const double>, std::int64_t rows, std::int64_t width, const Labels&, std::span<const double> tangent,
                     std::span<double> product) {
    for (std::size_t i = 0; i < index(rows * width); ++i) product[i] = 2 * tangent[i] / static_cast<double>(width);
}

void factor_product(std::span<const double>, std::int64_t rows, std::int64_t width, const Labels&, std::span<const double> u,
                    std::span<double> product) {
    for (std::size_t i = 0; i < index(rows * width); ++i) product[i] = std::sqrt(2 / static_cast<double>(width)) * u[i];
}

std::int64_t rank(std::int64_t width) { return width; }

void factor_columns(std::span<const double>, std::int64_t rows, std::int64_t width, std::int64_t first, std::int64_t count,
                    std::span<double> columns) {
    const std::size_t n = index(width);
    std::fill(columns.begin(), columns.end(), 0.0);
    for (std::size_t k = 0; k < index(count); ++k)
        for (std::size_t i = 0; i < index(rows); ++i) columns[(k * index(rows) + i) * n + index(first) + k] = std::sqrt(2 / static_cast<double>(n));
}

/// Targets drawn around the outputs with variance 1/2, scaled like the mean over n outputs.
void sampled_gradient(std::span<const double>, std::int64_t rows, std::int64_t width, Seed seed, std::int64_t first_row,
                      std::span<double> gradient) {
    const std::size_t n = index(width);
    for (std::size_t i = 0; i < index(rows); ++i) {
        const Seed row = seed.child(static_cast<std::uint64_t>(first_row) + i);
        for (std::size_t j = 0; j < n; ++j) gradient[i * n + j] = std::sqrt(2 / static_cast<double>(n)) * row.normal(j);
    }
}

// ---- on a device ----

using Rows = LossOnDevice::Rows;

Buffer no_curvature(Backend&, Rows, ConstView) { return {}; }

void gradient_on_device(Backend& lane, Rows size, ConstView outputs, ConstView, const Labels& labels, View gradient) {
    const Buffer targets = lane.from_host(targets_of(labels, size.rows, size.width), DType::float64);
    lane.copy(outputs, gradient);
    lane.axpy(-1, targets.view(), gradient);
    lane.scale(2 / static_cast<double>(size.width), gradient);
}

void hessian_on_device(Backend& lane, Rows size, ConstView, ConstView t, View product) {
    lane.copy(t, product);
    lane.scale(2 / static_cast<double>(size.width), product);
}

void factors_on_device(Backend& lane, Rows size, ConstView, ConstView t, View product) {
    const double root = std::sqrt(2 / static_cast<double>(size.width));
    lane.copy(t, product);
    lane.scale(root, product);
    lane.scale(root, product);
}

}  // namespace

extern const Loss mean_squared_error_loss;
const Loss mean_squared_error_loss{
    .name = "mean_squared_error",
    .formula = R"(\frac1n \sum_j (z_j - t_j)^2)",
    .class_labels = false,
    .activation = "",
    .value = value,
    .gradient = gradient,
    .hessian_product = hessian_product,
    .factor_product = factor_product,
    .factor_transpose_product = factor_product,   // diagonal
    .rank = rank,
    .factor_columns = factor_columns,
    .sampled_gradient = sampled_gradient,
    .on_device = {.curvature = no_curvature, .gradient = gradient_on_device, .hessian_product = hessian_on_device, .factored_product = factors_on_device},
};

}  // namespace assay::engine::loss_functions
