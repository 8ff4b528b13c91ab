#pragma once
// Slow and obvious: the value of every layer as loops over doubles, written from its definition.

#include "libanalysis/core/json.hpp"
#include "tests/engine/layers/battery.hpp"

#include <algorithm>
#include <cmath>

namespace assay::oracle {

using test::Flat;

inline double pointwise(const std::string& f, double alpha, double x) {
    if (f == "linear") return x;
    if (f == "relu") return std::max(x, 0.0);
    if (f == "tanh") return std::tanh(x);
    if (f == "sigmoid") return 1 / (1 + std::exp(-x));
    if (f == "elu") return x > 0 ? x : alpha * (std::exp(x) - 1);
    if (f == "gelu") return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    if (f == "gelu_tanh") return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    if (f == "softplus") return std::log1p(std::exp(x));
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
    if (kind == "rescaling") {
        for (const double x : in[0]) y.push_back(x * a.at("scale").get<double>() + a.at("offset").get<double>());
    } else if (kind == "add" || kind == "multiply") {
        y = in[0];
        for (std::size_t i = 1; i < in.size(); ++i)
            for (std::size_t k = 0; k < y.size(); ++k) y[k] = kind == "add" ? y[k] + in[i][k] : y[k] * in[i][k];
    } else if (kind == "activation" && a.at("function") == "softmax") {
        for (std::size_t r = 0; r < rows; ++r) {
            double sum = 0;
            for (std::size_t c = 0; c < cols; ++c) sum += std::exp(in[0][r * cols + c]);
            for (std::size_t c = 0; c < cols; ++c) y.push_back(std::exp(in[0][r * cols + c]) / sum);
        }
    } else if (kind == "activation") {
        for (const double x : in[0]) y.push_back(pointwise(a.at("function"), a.value("alpha", 1.0), x));
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
        for (std::size_t r = 0; r < rows; ++r) {
            double mean = 0, variance = 0;
            for (std::size_t c = 0; c < cols; ++c) mean += in[0][r * cols + c] / static_cast<double>(cols);
            for (std::size_t c = 0; c < cols; ++c) variance += std::pow(in[0][r * cols + c] - mean, 2) / static_cast<double>(cols);
            for (std::size_t c = 0; c < cols; ++c)
                y.push_back((in[0][r * cols + c] - mean) / std::sqrt(variance + a.value("epsilon", 1e-3)) * (scale ? w[0][c] : 1) +
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
                    next[u] = pointwise(a.value("activation", "tanh"), 1, z);
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
