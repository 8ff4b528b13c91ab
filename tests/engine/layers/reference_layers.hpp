#pragma once
// Slow and obvious: the value of every layer as loops over doubles, written from its definition.

#include "libanalysis/core/json.hpp"
#include "tests/engine/layers/battery.hpp"

#include <algorithm>
#include <cmath>

namespace assay::oracle {

using test::Flat;

/// `description`: a function's name, or an object of its name and parameters.
inline double pointwise(const Json& description, double x) {
    const Json a = description.is_string() ? Json{{"function", description}} : description;
    const std::string f = a.at("function");
    const auto of = [&](const char* key, double otherwise) { return a.value(key, otherwise); };
    const double alpha = of("alpha", 1);
    if (f == "linear") return x;
    if (f == "relu") return std::max(x, 0.0);
    if (f == "tanh") return std::tanh(x);
    if (f == "sigmoid") return 1 / (1 + std::exp(-x));
    if (f == "elu") return x > 0 ? x : alpha * (std::exp(x) - 1);
    if (f == "gelu") return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    if (f == "gelu_tanh") return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    if (f == "softplus") return std::log1p(std::exp(x));
    if (f == "leaky_relu") return std::max(x, 0.0) - of("negative_slope", 0.2) * std::max(-x, 0.0);
    if (f == "general_relu")
        return x > of("threshold", 0) ? std::min(x, of("max_value", INFINITY)) : of("negative_slope", 0) * (x - of("threshold", 0));
    if (f == "selu") return 1.0507009873554804934193349852946 * (x > 0 ? x : 1.6732632423543772848170429916717 * (std::exp(x) - 1));
    if (f == "celu") return std::max(x, 0.0) + std::min(alpha * (std::exp(x / alpha) - 1), 0.0);
    if (f == "log_sigmoid") return std::log(1 / (1 + std::exp(-x)));
    if (f == "softsign") return x / (1 + std::abs(x));
    if (f == "squareplus") return (x + std::sqrt(x * x + of("b", 4))) / 2;
    if (f == "sparse_plus") return x <= -1 ? 0 : x >= 1 ? x : (x + 1) * (x + 1) / 4;
    if (f == "exponential") return std::exp(x);
    if (f == "silu") return x / (1 + std::exp(-x));
    if (f == "mish") return x * std::tanh(std::log1p(std::exp(x)));
    if (f == "hard_sigmoid") return std::clamp(of("slope", NAN) * x + 0.5, 0.0, 1.0);
    if (f == "hard_silu") return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    if (f == "hard_tanh") return std::clamp(x, -1.0, 1.0);
    if (f == "tanh_shrink") return x - std::tanh(x);
    if (f == "soft_shrink") return x > 0 ? std::max(x - of("threshold", 0.5), 0.0) : std::min(x + of("threshold", 0.5), 0.0);
    if (f == "hard_shrink") return std::abs(x) > of("threshold", 0.5) ? x : 0;
    if (f == "threshold") return x > of("threshold", 0) ? x : of("value", 0);
    throw std::runtime_error("no function " + f);
}

/// Position and cell for an axis: index of the tap in the input, or -1 in the padding.
struct Axis {
    std::int64_t n, k, s, d, out, before;
    Axis(std::int64_t extent, std::int64_t taps, std::int64_t stride, std::int64_t dilation, bool same)
        : n(extent), k(taps), s(stride), d(dilation) {
        const std::int64_t reach = (k - 1) * d + 1;
        out = same ? (n + s - 1) / s : (n - reach) / s + 1;
        before = same ? std::max<std::int64_t>((out - 1) * s + reach - n, 0) / 2 : 0;
    }
    std::int64_t at(std::int64_t position, std::int64_t tap) const {
        const std::int64_t cell = position * s + tap * d - before;
        return cell >= 0 && cell < n ? cell : -1;
    }
};

/// The entry of an array of shape `from` that meets entry `i` of one of shape `to`, as NumPy broadcasts; the first axis is the batch.
inline std::size_t spread_entry(std::size_t i, Shape from, const Shape& to) {
    from.insert(from.begin() + 1, to.size() - from.size(), 1);
    std::size_t entry = 0, stride = 1;
    for (std::size_t axis = to.size(); axis-- > 0;) {
        const auto extent = static_cast<std::size_t>(to[axis]), own = static_cast<std::size_t>(from[axis]);
        if (own > 1) entry += stride * (i % extent);
        stride *= own;
        i /= extent;
    }
    return entry;
}

inline Flat value(test::Instance& of) {
    const std::string& kind = of.tested().kind;
    const Json& a = of.spec().attributes;
    const std::vector<Flat>& in = of.inputs();
    const std::vector<Flat>& w = of.parameters();
    const Shape& shape = of.tested().inputs[0];
    const auto batch = static_cast<std::size_t>(of.batch());
    const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
    const std::size_t cols = size(shape.back()), rows = in[0].size() / cols;
    Flat y;

    if (kind == "identity" || kind == "flatten" || kind == "reshape") return in[0];
    const auto with_batch = [&](Shape row, std::int64_t extent) {
        row.insert(row.begin(), extent);
        return row;
    };
    const Shape whole = with_batch(of.layer().output_shape(), of.batch());
    if (kind == "rescaling") {
        const auto number = [&](const char* key, std::size_t i) { return a.at(key).is_array() ? a.at(key)[i % cols].get<double>() : a.at(key).get<double>(); };
        for (std::size_t i = 0; i < in[0].size(); ++i) y.push_back(in[0][i] * number("scale", i) + number("offset", i));
    } else if (kind == "add" || kind == "multiply" || kind == "subtract" || kind == "average" || kind == "maximum" || kind == "minimum") {
        for (std::size_t k = 0; k < size(element_count(whole)); ++k) {
            std::vector<double> x;
            for (std::size_t i = 0; i < in.size(); ++i) x.push_back(in[i][spread_entry(k, with_batch(of.tested().inputs[i], of.batch()), whole)]);
            double sum = 0, product = 1;
            for (const double one : x) sum += one, product *= one;
            y.push_back(kind == "add" ? sum : kind == "multiply" ? product : kind == "average" ? sum / static_cast<double>(x.size())
                        : kind == "subtract" ? x[0] - x[1] : kind == "maximum" ? *std::max_element(x.begin(), x.end()) : *std::min_element(x.begin(), x.end()));
        }
    } else if (kind == "prelu") {
        for (std::size_t k = 0; k < in[0].size(); ++k)
            y.push_back(in[0][k] > 0 ? in[0][k] : in[0][k] * w[0][spread_entry(k, with_batch(of.tested().parameters[0], 1), whole)]);
    } else if (kind == "repeat_vector") {
        for (std::size_t n = 0; n < batch; ++n)
            for (int t = 0; t < a.at("count").get<int>(); ++t)
                for (std::size_t c = 0; c < cols; ++c) y.push_back(in[0][n * cols + c]);
    } else if (kind == "dot") {
        const std::size_t k = cols, rows_a = in[0].size() / batch / k, rows_b = in[1].size() / batch / k;
        for (std::size_t n = 0; n < batch; ++n)
            for (std::size_t i = 0; i < rows_a; ++i)
                for (std::size_t j = 0; j < rows_b; ++j) {
                    double sum = 0;
                    for (std::size_t c = 0; c < k; ++c) sum += in[0][(n * rows_a + i) * k + c] * in[1][(n * rows_b + j) * k + c];
                    y.push_back(sum);
                }
    } else if (kind == "normalization") {
        for (std::size_t i = 0; i < in[0].size(); ++i) y.push_back((in[0][i] - w[0][i % w[0].size()]) / std::sqrt(w[1][i % w[1].size()]));
    } else if (kind == "group_normalization") {
        const std::size_t groups = a.at("groups") == -1 ? cols : a.at("groups").get<std::size_t>(), width = cols / groups, cells = in[0].size() / batch / cols;
        y.resize(in[0].size());
        for (std::size_t n = 0; n < batch; ++n)
            for (std::size_t g = 0; g < groups; ++g) {
                std::vector<std::size_t> members;
                for (std::size_t cell = 0; cell < cells; ++cell)
                    for (std::size_t c = 0; c < width; ++c) members.push_back((n * cells + cell) * cols + g * width + c);
                double mean = 0, variance = 0;
                for (const std::size_t i : members) mean += in[0][i] / static_cast<double>(members.size());
                for (const std::size_t i : members) variance += std::pow(in[0][i] - mean, 2) / static_cast<double>(members.size());
                for (const std::size_t i : members)
                    y[i] = (in[0][i] - mean) / std::sqrt(variance + a.value("epsilon", 1e-3)) * (a.value("scale", true) ? w[0][i % cols] : 1) +
                           (a.value("center", true) ? w.back()[i % cols] : 0);
            }
    } else if (kind == "activation" && (a.at("function") == "softmax" || a.at("function") == "log_softmax")) {
        for (std::size_t r = 0; r < rows; ++r) {
            double sum = 0;
            for (std::size_t c = 0; c < cols; ++c) sum += std::exp(in[0][r * cols + c]);
            for (std::size_t c = 0; c < cols; ++c) y.push_back(std::exp(in[0][r * cols + c]) / sum);
            for (std::size_t c = 0; c < cols && a.at("function") == "log_softmax"; ++c) y[r * cols + c] = std::log(y[r * cols + c]);
        }
    } else if (kind == "activation") {
        for (const double x : in[0]) y.push_back(pointwise(a, x));
    } else if (kind == "dense") {
        const std::size_t units = w[0].size() / cols;
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t u = 0; u < units; ++u) {
                double sum = w.size() > 1 ? w[1][u] : 0;
                for (std::size_t c = 0; c < cols; ++c) sum += in[0][r * cols + c] * w[0][c * units + u];
                y.push_back(sum);
            }
    } else if (kind == "batch_normalization") {
        const bool scale = a.value("scale", true), center = a.value("center", true);
        const Flat &mean = w[w.size() - 2], &variance = w[w.size() - 1];
        for (std::size_t i = 0; i < in[0].size(); ++i) {
            const std::size_t c = i % cols;
            y.push_back((in[0][i] - mean[c]) / std::sqrt(variance[c] + a.value("epsilon", 1e-3)) * (scale ? w[0][c] : 1) +
                        (center ? w[scale ? 1 : 0][c] : 0));
        }
    } else if (kind == "layer_normalization") {
        const bool scale = a.value("scale", true), center = a.value("center", true);
        const std::string by = a.value("statistics", "mean_and_variance");
        std::size_t run = 1;
        for (std::size_t axis = 0; axis < a.value("axes", std::size_t{1}); ++axis) run *= size(shape[shape.size() - 1 - axis]);
        for (std::size_t r = 0; r < in[0].size() / run; ++r) {
            double mean = 0, spread = 0;
            for (std::size_t c = 0; c < run; ++c) mean += in[0][r * run + c] / static_cast<double>(run);
            for (std::size_t c = 0; c < run; ++c) spread += std::pow(in[0][r * run + c] - (by.find("square") != by.npos ? 0 : mean), 2) / (by == "sum_of_squares" ? 1 : static_cast<double>(run));
            for (std::size_t c = 0; c < run; ++c)
                y.push_back((in[0][r * run + c] - (by == "mean_and_variance" ? mean : 0)) / std::sqrt(spread + a.value("epsilon", 1e-3)) * (scale ? w[0][c] : 1) +
                            (center ? w[scale ? 1 : 0][c] : 0));
        }
    } else if (kind == "embedding") {
        const std::size_t width = w[0].size() / a.at("input_dim").get<std::size_t>();
        for (const double index : in[0])
            for (std::size_t c = 0; c < width; ++c) y.push_back(w[0][static_cast<std::size_t>(index) * width + c]);
    } else if (kind == "concatenate") {
        std::int64_t axis = a.at("axis");
        if (axis < 0) axis += static_cast<std::int64_t>(shape.size()) + 1;
        std::size_t prefix = batch;
        for (std::size_t i = 0; i + 1 < size(axis); ++i) prefix *= size(shape[i]);
        for (std::size_t p = 0; p < prefix; ++p)
            for (const Flat& x : in) y.insert(y.end(), x.begin() + static_cast<std::ptrdiff_t>(p * (x.size() / prefix)), x.begin() + static_cast<std::ptrdiff_t>((p + 1) * (x.size() / prefix)));
    } else if (kind == "permute") {
        const auto order = a.at("order").get<std::vector<std::size_t>>();
        const Shape& out = of.layer().output_shape();
        for (std::size_t i = 0; i < in[0].size(); ++i) {   // index of y -> index of x
            std::size_t rest = i;
            std::vector<std::size_t> at(shape.size());
            for (std::size_t axis = shape.size(); axis-- > 0; rest /= size(out[axis])) at[order[axis] - 1] = rest % size(out[axis]);
            std::size_t from = rest;
            for (std::size_t axis = 0; axis < shape.size(); ++axis) from = from * size(shape[axis]) + at[axis];
            y.push_back(in[0][from]);
        }
    } else if (kind == "zero_padding_2d") {
        const auto p = a.at("padding").get<std::vector<std::vector<std::int64_t>>>();
        for (std::size_t n = 0; n < batch; ++n)
            for (std::int64_t h = -p[0][0]; h < shape[0] + p[0][1]; ++h)
                for (std::int64_t v = -p[1][0]; v < shape[1] + p[1][1]; ++v)
                    for (std::int64_t c = 0; c < shape[2]; ++c)
                        y.push_back(h < 0 || v < 0 || h >= shape[0] || v >= shape[1] ? 0 : in[0][((n * size(shape[0]) + size(h)) * size(shape[1]) + size(v)) * size(shape[2]) + size(c)]);
    } else if (kind == "global_average_pooling_2d") {
        const std::size_t cells = size(shape[0] * shape[1]);
        for (std::size_t n = 0; n < batch; ++n)
            for (std::size_t c = 0; c < cols; ++c) {
                double sum = 0;
                for (std::size_t k = 0; k < cells; ++k) sum += in[0][(n * cells + k) * cols + c];
                y.push_back(sum / static_cast<double>(cells));
            }
    } else if (kind == "max_pooling_2d" || kind == "average_pooling_2d" || kind == "conv2d") {
        const bool conv = kind == "conv2d", same = a.value("padding", "valid") == "same";
        const auto k = a.at(conv ? "kernel_size" : "pool_size").get<std::vector<std::int64_t>>();
        const auto s = a.value("strides", conv ? std::vector<std::int64_t>{1, 1} : k), d = a.value("dilation_rate", std::vector<std::int64_t>{1, 1});
        const Axis rows_axis(shape[0], k[0], s[0], d[0], same), cols_axis(shape[1], k[1], s[1], d[1], same);
        const std::int64_t groups = conv ? a.value("groups", std::int64_t{1}) : shape[2], filters = conv ? a.at("filters").get<std::int64_t>() : shape[2];
        const std::int64_t width = shape[2] / groups;
        for (std::size_t n = 0; n < batch; ++n)
            for (std::int64_t oh = 0; oh < rows_axis.out; ++oh)
                for (std::int64_t ow = 0; ow < cols_axis.out; ++ow)
                    for (std::int64_t f = 0; f < filters; ++f) {
                        double sum = 0, best = -INFINITY;
                        int cells = 0;
                        for (std::int64_t i = 0; i < k[0]; ++i)
                            for (std::int64_t j = 0; j < k[1]; ++j)
                                for (std::int64_t c = 0; c < width; ++c) {
                                    const std::int64_t h = rows_axis.at(oh, i), v = cols_axis.at(ow, j);
                                    if (h < 0 || v < 0) continue;
                                    const double x = in[0][((n * size(shape[0]) + size(h)) * size(shape[1]) + size(v)) * size(shape[2]) + size(f / (filters / groups) * width + c)];
                                    sum += conv ? x * w[0][size(((i * k[1] + j) * width + c) * filters + f)] : x;
                                    best = std::max(best, x);
                                    ++cells;
                                }
                        y.push_back(conv ? sum + (w.size() > 1 ? w[1][size(f)] : 0) : kind == "max_pooling_2d" ? best : sum / cells);
                    }
    } else if (kind == "simple_rnn") {
        const std::size_t time = size(shape[0]), units = size(a.at("units"));
        const bool sequences = a.value("return_sequences", false), backwards = a.value("go_backwards", false);
        for (std::size_t n = 0; n < batch; ++n) {
            Flat state(units, 0);
            for (std::size_t step = 0; step < time; ++step) {
                const std::size_t t = backwards ? time - 1 - step : step;
                Flat next(units);
                for (std::size_t u = 0; u < units; ++u) {
                    double z = w.size() > 2 ? w[2][u] : 0;
                    for (std::size_t c = 0; c < cols; ++c) z += in[0][(n * time + t) * cols + c] * w[0][c * units + u];
                    for (std::size_t p = 0; p < units; ++p) z += state[p] * w[1][p * units + u];
                    next[u] = pointwise(a.value("activation", Json("tanh")), z);
                }
                if (of.mask().empty() || of.mask()[n * time + t] != 0) state = next;
                if (sequences || step + 1 == time) y.insert(y.end(), state.begin(), state.end());
            }
        }
    } else {
        throw std::runtime_error("no reference for " + kind);
    }
    return y;
}

}  // namespace assay::oracle
