// Cross-entropy of softmax(z) with a class, from the logits z: log sum_j exp(z_j) - z_class. With p = softmax(z) the gradient
// is p - e_class, the Hessian diag(p) - p p^T = S S^T with S = diag(sqrt p) - p sqrt(p)^T (since sqrt(p) has norm 1).

#include "libanalysis/engine/losses/labels.hpp"

#include <algorithm>
#include <cmath>

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
};

}  // namespace assay::engine::loss_functions
