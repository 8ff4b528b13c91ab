// Cross-entropy of softmax(z) with a class, from the logits z: log sum_j exp(z_j) - z_class. With p = softmax(z) the gradient
// is p - e_class, the Hessian diag(p) - p p^T = S S^T with S = diag(sqrt p) - p sqrt(p)^T (since sqrt(p) has norm 1).

#include "libanalysis/engine/losses/labels.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace assay::engine::loss_functions {

namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Writes softmax(z) and returns log sum exp(z) - max(z).
double softmax(std::span<const double> z, std::span<double> p) {
    const double largest = *std::max_element(z.begin(), z.end());
    double sum = 0;
    for (std::size_t j = 0; j < z.size(); ++j) sum += p[j] = std::exp(z[j] - largest);
    for (double& value : p) value /= sum;
    return std::log(sum);
}

void value(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels, std::span<double> losses) {
    for (std::size_t i = 0; i < index(rows); ++i) {
        const auto z = outputs.subspan(i * index(width), index(width));
        const std::size_t label = class_of(labels, i, z.size());
        const double largest = *std::max_element(z.begin(), z.end());
        double sum = 0;
        for (const double logit : z) sum += std::exp(logit - largest);
        losses[i] = std::log(sum) + (largest - z[label]);
    }
}

void gradient(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels, std::span<double> gradient) {
    for (std::size_t i = 0; i < index(rows); ++i) {
        const auto g = gradient.subspan(i * index(width), index(width));
        const std::size_t label = class_of(labels, i, g.size());
        softmax(outputs.subspan(i * index(width), index(width)), g);
        double others = 0;   // 1 - p_label without cancellation
        for (std::size_t j = 0; j < g.size(); ++j) others += j == label ? 0 : g[j];
        g[label] = -others;
    }
}

void hessian_product(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels&, std::span<const double> tangent,
                     std::span<double> product) {
    std::vector<double> p(index(width));
    for (std::size_t i = 0; i < index(rows); ++i) {
        softmax(outputs.subspan(i * p.size(), p.size()), p);
        const auto t = tangent.subspan(i * p.size(), p.size());
        double mean = 0;
        for (std::size_t j = 0; j < p.size(); ++j) mean += p[j] * t[j];
        for (std::size_t j = 0; j < p.size(); ++j) product[i * p.size() + j] = p[j] * (t[j] - mean);
    }
}

void factor_product(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels&, std::span<const double> u,
                    std::span<double> product) {
    std::vector<double> p(index(width));
    for (std::size_t i = 0; i < index(rows); ++i) {
        softmax(outputs.subspan(i * p.size(), p.size()), p);
        const auto v = u.subspan(i * p.size(), p.size());
        double overlap = 0;
        for (std::size_t j = 0; j < p.size(); ++j) overlap += std::sqrt(p[j]) * v[j];
        for (std::size_t j = 0; j < p.size(); ++j) product[i * p.size() + j] = std::sqrt(p[j]) * v[j] - p[j] * overlap;
    }
}

void factor_transpose_product(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels&, std::span<const double> t,
                              std::span<double> product) {
    std::vector<double> p(index(width));
    for (std::size_t i = 0; i < index(rows); ++i) {
        softmax(outputs.subspan(i * p.size(), p.size()), p);
        const auto v = t.subspan(i * p.size(), p.size());
        double mean = 0;
        for (std::size_t j = 0; j < p.size(); ++j) mean += p[j] * v[j];
        for (std::size_t j = 0; j < p.size(); ++j) product[i * p.size() + j] = std::sqrt(p[j]) * (v[j] - mean);
    }
}

std::int64_t rank(std::int64_t width) { return width - 1; }

/// Cholesky's factor of diag(p) - p p^T, known in closed form (Tanabe & Sagae 1992, J. R. Statist. Soc. B 54, 211): with the classes in
/// descending order of p and the tail sums t_k = sum_{j >= k} p_j, column k is sqrt(p_k t_{k+1} / t_k) (e_k - sum_{j > k} (p_j / t_{k+1}) e_j).
/// The last would be zero.
void factor_columns(std::span<const double> outputs, std::int64_t rows, std::int64_t width, std::int64_t first, std::int64_t count,
                    std::span<double> columns) {
    const std::size_t n = index(width);
    std::vector<double> p(n), tail(n + 1, 0);
    std::vector<std::size_t> order(n);
    for (std::size_t i = 0; i < index(rows); ++i) {
        softmax(outputs.subspan(i * n, n), p);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] > p[b]; });
        for (std::size_t k = n; k-- > 0;) tail[k] = tail[k + 1] + p[order[k]];
        for (std::size_t k = index(first); k < index(first + count); ++k) {
            const auto column = columns.subspan(((k - index(first)) * index(rows) + i) * n, n);
            std::fill(column.begin(), column.end(), 0.0);
            if (tail[k + 1] == 0) continue;
            const double scale = std::sqrt(p[order[k]] * (tail[k + 1] / tail[k]));
            column[order[k]] = scale;
            for (std::size_t j = k + 1; j < n; ++j) column[order[j]] = -scale * (p[order[j]] / tail[k + 1]);
        }
    }
}

void sampled_gradient(std::span<const double> outputs, std::int64_t rows, std::int64_t width, Seed seed, std::int64_t first_row,
                      std::span<double> gradient) {
    const std::size_t n = index(width);
    for (std::size_t i = 0; i < index(rows); ++i) {
        const auto g = gradient.subspan(i * n, n);
        softmax(outputs.subspan(i * n, n), g);
        const double u = seed.child(static_cast<std::uint64_t>(first_row) + i).uniform(0);
        double below = 0;
        std::size_t label = n;
        for (std::size_t j = 0; j < n && label == n; ++j) {
            below += g[j];
            if (u < below) label = j;
        }
        while (label == n || g[label] == 0) label = label == n ? n - 1 : label - 1;   // u above a sum that rounding left below 1
        double others = 0;
        for (std::size_t j = 0; j < n; ++j) others += j == label ? 0 : g[j];
        g[label] = -others;
    }
}

// ---- on a device ----

using Rows = LossOnDevice::Rows;

Buffer softmax_on_device(Backend& lane, Rows size, ConstView outputs) {
    Buffer p = lane.allocate(DType::float64, size.size());
    lane.softmax(outputs, size.rows, size.width, p.view());
    return p;
}

/// p with, at the label, minus the sum of the others: 1 - p_label without cancellation.
void gradient_on_device(Backend& lane, Rows size, ConstView, ConstView p, const Labels& labels, View gradient) {
    std::vector<std::int32_t> positions(index(size.rows));
    for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<std::int32_t>(i * index(size.width) + class_of(labels, i, index(size.width)));
    Buffer at = lane.allocate(DType::int32, positions.size()), minus = lane.allocate(DType::float64, positions.size());
    lane.upload(positions.data(), at.view());
    lane.copy(p, gradient);
    lane.gather(p, at.view(), minus.view());
    lane.scale(-1, minus.view());
    lane.scatter_add(minus.view(), at.view(), gradient);   // exactly zero
    lane.row_sums(gradient, size.rows, size.width, minus.view(), false);
    lane.scale(-1, minus.view());
    lane.scatter_add(minus.view(), at.view(), gradient);
}

/// product -= factor (sum of y), row by row.
void subtract_sums(Backend& lane, Rows size, ConstView y, ConstView factor, View product) {
    Buffer minus = lane.allocate(DType::float64, index(size.rows));
    lane.row_sums(y, size.rows, size.width, minus.view(), false);
    lane.scale(-1, minus.view());
    lane.multiply_column(minus.view(), factor, product, size.rows, size.width, true);
}

/// p t - p (sum p t).
void hessian_on_device(Backend& lane, Rows size, ConstView p, ConstView t, View product) {
    lane.multiply(p, t, product, false);
    subtract_sums(lane, size, product, p, product);
}

/// u = S^T t = sqrt(p) t - sqrt(p) (sum p t), then S u = sqrt(p) u - p (sum sqrt(p) u).
void factors_on_device(Backend& lane, Rows size, ConstView p, ConstView t, View product) {
    Buffer root = lane.allocate(DType::float64, size.size()), u = lane.allocate(DType::float64, size.size());
    lane.map(Pointwise::sqrt, 0, p, root.view());
    lane.multiply(p, t, product, false);
    lane.multiply(root.view(), t, u.view(), false);
    subtract_sums(lane, size, product, root.view(), u.view());
    lane.multiply(root.view(), u.view(), product, false);
    subtract_sums(lane, size, product, p, product);
}

}  // namespace

extern const Loss cross_entropy_loss;
const Loss cross_entropy_loss{
    .name = "cross_entropy",
    .formula = R"(\log \sum_j e^{z_j} - z_y)",
    .class_labels = true,
    .activation = "softmax",
    .value = value,
    .gradient = gradient,
    .hessian_product = hessian_product,
    .factor_product = factor_product,
    .factor_transpose_product = factor_transpose_product,
    .rank = rank,
    .factor_columns = factor_columns,
    .sampled_gradient = sampled_gradient,
    .on_device = {.curvature = softmax_on_device, .gradient = gradient_on_device, .hessian_product = hessian_on_device, .factored_product = factors_on_device},
};

}  // namespace assay::engine::loss_functions
