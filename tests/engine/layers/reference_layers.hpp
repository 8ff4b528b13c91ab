#pragma once
// Slow and obvious: the value of every layer as loops over doubles, written from its definition.

#include "libanalysis/core/json.hpp"
#include "tests/engine/layers/battery.hpp"
#include "tests/engine/layers/reference_windows.hpp"

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
    if (f == "square") return x * x;
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

/// Recurrent layers step by step; `mask` is [batch, time] or empty.
inline Flat recurrence(const std::string& kind, const Json& a, const Shape& shape, const Flat& x, const Flat& mask, const std::vector<Flat>& w, std::size_t batch) {
    const auto time = static_cast<std::size_t>(shape[0]), in = static_cast<std::size_t>(shape[1]), units = a.at("units").get<std::size_t>();
    const bool sequences = a.value("return_sequences", false), backwards = a.value("go_backwards", false), after = a.value("reset_after", true);
    const std::size_t gates = kind == "lstm" ? 4 : kind == "gru" ? 3 : 1;
    const auto f = [&](double z) { return pointwise(a.value("activation", Json("tanh")), z); };
    const auto s = [&](double z) { return pointwise(a.value("recurrent_activation", Json("sigmoid")), z); };
    Flat y;
    for (std::size_t n = 0; n < batch; ++n) {
        Flat h(units, 0), c(units, 0), given(time * units, 0);
        for (std::size_t step = 0; step < time; ++step) {
            const std::size_t t = backwards ? time - 1 - step : step;
            const auto of_input = [&](std::size_t gate, std::size_t u) {
                double z = w.size() > 2 ? w[2][gate * units + u] : 0;
                for (std::size_t k = 0; k < in; ++k) z += x[(n * time + t) * in + k] * w[0][k * gates * units + gate * units + u];
                return z;
            };
            const auto of_state = [&](std::size_t gate, std::size_t u, const Flat& state) {
                double z = kind == "gru" && after && w.size() > 2 ? w[2][gates * units + gate * units + u] : 0;
                for (std::size_t k = 0; k < units; ++k) z += state[k] * w[1][k * gates * units + gate * units + u];
                return z;
            };
            Flat next(units), carried(units), reset_state(units);
            if (kind == "gru")
                for (std::size_t u = 0; u < units; ++u) reset_state[u] = s(of_input(1, u) + of_state(1, u, h)) * h[u];
            for (std::size_t u = 0; u < units; ++u) {
                if (kind == "simple_rnn") {
                    next[u] = f(of_input(0, u) + of_state(0, u, h));
                } else if (kind == "lstm") {
                    carried[u] = s(of_input(1, u) + of_state(1, u, h)) * c[u] + s(of_input(0, u) + of_state(0, u, h)) * f(of_input(2, u) + of_state(2, u, h));
                    next[u] = s(of_input(3, u) + of_state(3, u, h)) * f(carried[u]);
                } else {
                    const double z = s(of_input(0, u) + of_state(0, u, h)), r = s(of_input(1, u) + of_state(1, u, h));
                    const double candidate = f(of_input(2, u) + (after ? r * of_state(2, u, h) : of_state(2, u, reset_state)));
                    next[u] = z * h[u] + (1 - z) * candidate;
                }
            }
            const bool seen = mask.empty() || mask[n * time + t] != 0;
            if (seen) h = next, c = carried;
            const std::size_t place = a.value("in_order", false) ? t : step;
            for (std::size_t u = 0; u < units; ++u) given[place * units + u] = seen || !a.value("zero_masked", false) ? h[u] : 0;
        }
        if (sequences) y.insert(y.end(), given.begin(), given.end());
        else y.insert(y.end(), h.begin(), h.end());
    }
    return y;
}

/// Attention query by query: weights over the steps that it may see. All inputs lie under `mask`, [batch, time] or empty.
inline Flat attention(const std::string& kind, const Json& a, const std::vector<Shape>& shapes, const std::vector<Flat>& in, const Flat& mask,
                      const std::vector<Flat>& w, std::size_t batch) {
    const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
    const std::size_t heads = a.value("heads", std::size_t{1}), queries = size(shapes[0][0]), steps = size(shapes[1][0]);
    const std::size_t wide = size(shapes[0][1]), deep = size(shapes[1][1]), width = wide / heads, depth = deep / heads;
    const Flat &query = in[0], &value = in[1], &key = in.back();
    const std::string masked = a.value("masked", "scores");
    Flat y(batch * queries * deep, 0);
    for (std::size_t n = 0; n < batch; ++n)
        for (std::size_t h = 0; h < heads; ++h)
            for (std::size_t i = 0; i < queries; ++i) {
                Flat score(steps, 0);
                std::vector<bool> seen(steps);
                const bool query_seen = mask.empty() || mask[n * queries + i] != 0;
                for (std::size_t j = 0; j < steps; ++j) {
                    seen[j] = (mask.empty() || mask[n * steps + j] != 0) && (!a.value("causal", false) || j <= i) && (query_seen || masked == "output");
                    for (std::size_t d = 0; d < width; ++d) {
                        const double q = query[(n * queries + i) * wide + h * width + d], k = key[(n * steps + j) * wide + h * width + d];
                        if (kind == "attention") score[j] += a.value("factor", 1.0) * (w.empty() ? 1 : w[0][0]) * q * k;
                        else score[j] += (w.empty() ? 1 : w[0][d]) * std::tanh(q + k);
                    }
                }
                const bool any = std::count(seen.begin(), seen.end(), true) > 0;
                if ((!any && masked == "weights") || (!query_seen && masked == "output")) continue;
                double sum = 0;
                if (!any) score.assign(steps, 0);
                for (std::size_t j = 0; j < steps; ++j) sum += !any || seen[j] ? std::exp(score[j]) : 0;
                for (std::size_t j = 0; j < steps; ++j)
                    for (std::size_t d = 0; d < depth && (!any || seen[j]); ++d)
                        y[(n * queries + i) * deep + h * depth + d] += std::exp(score[j]) / sum * value[(n * steps + j) * deep + h * depth + d];
            }
    return y;
}

inline Flat value(test::Instance& of) {
    if (const std::optional<Flat> windows = window_value(of)) return *windows;
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
    } else if (kind == "learned_array") {
        for (std::size_t n = 0; n < batch; ++n) y.insert(y.end(), w[0].begin(), w[0].end());
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
    } else if (kind == "simple_rnn" || kind == "lstm" || kind == "gru") {
        y = recurrence(kind, a, shape, in[0], of.mask(), w, batch);
    } else if (kind == "attention" || kind == "additive_attention") {
        y = attention(kind, a, of.tested().inputs, in, of.mask(), w, batch);
    } else if (kind == "masking") {
        for (std::size_t r = 0; r < rows; ++r) {
            bool kept = false;
            for (std::size_t c = 0; c < cols; ++c) kept = kept || in[0][r * cols + c] != a.at("mask_value").get<double>();
            for (std::size_t c = 0; c < cols; ++c) y.push_back(kept ? in[0][r * cols + c] : 0);
        }
    } else if (kind == "time_distributed") {
        const Shape inner(shape.begin() + 1, shape.end());
        test::Instance step({of.tested().name + "_step", a.at("kind"), a.value("attributes", Json::object()).dump(), {inner}, of.tested().parameters}, engine::DType::float64,
                            of.batch() * shape[0]);
        step.set(in, w);
        return value(step);
    } else {
        throw std::runtime_error("no reference for " + kind);
    }
    return y;
}

}  // namespace assay::oracle
