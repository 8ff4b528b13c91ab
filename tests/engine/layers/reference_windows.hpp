#pragma once
// Slow and obvious: layers that slide windows over images or sequences, pad, cut or enlarge them, as loops over doubles from their
// definitions. A sequence is an image of height 1.

#include "libanalysis/core/json.hpp"
#include "tests/engine/layers/battery.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace assay::oracle {

using test::Flat;

/// [rows, columns] of a setting with one entry an axis; `absent` where there is none.
inline std::array<std::int64_t, 2> by_axis(const Json& attributes, const char* key, std::size_t axes, std::int64_t absent, std::int64_t other = 1) {
    if (!attributes.contains(key) || attributes[key].is_null()) return {axes == 1 ? other : absent, absent};
    const auto values = attributes[key].get<std::vector<std::int64_t>>();
    return {axes == 1 ? other : values.at(0), values.at(axes - 1)};
}

/// [[top, bottom], [left, right]]
inline std::array<std::array<std::int64_t, 2>, 2> borders(const Json& amounts) {
    const auto values = amounts.get<std::vector<std::array<std::int64_t, 2>>>();
    return {values.size() == 1 ? std::array<std::int64_t, 2>{0, 0} : values[0], values.back()};
}

/// Where the taps of a window lie on an axis.
struct Axis {
    std::int64_t n, k, s, d, out = 0, before = 0;
    Axis(std::int64_t extent, std::int64_t taps, std::int64_t stride, std::int64_t dilation, const Json& padding, std::size_t axis)
        : n(extent), k(taps), s(stride), d(dilation) {
        const std::int64_t reach = (k - 1) * d + 1;
        std::int64_t whole = n;
        if (padding.is_array()) {
            before = borders(padding)[axis][0];
            whole += before + borders(padding)[axis][1];
        } else if (padding == "same") {
            const std::int64_t total = std::max<std::int64_t>(((n + s - 1) / s - 1) * s + reach - n, 0);
            before = total / 2;
            whole += total;
        } else if (padding == "causal") {
            before = reach - 1;
            whole += before;
        }
        while (out * s + reach <= whole) ++out;
    }
    std::int64_t at(std::int64_t position, std::int64_t tap) const {   // -1 in the padding
        const std::int64_t cell = position * s + tap * d - before;
        return cell >= 0 && cell < n ? cell : -1;
    }
};

/// How long an axis of a transposed convolution becomes and how much of its front is cut off: Keras' sizes, and the front as its JAX
/// backend pads it, from the other end than ours.
struct SpreadAxis {
    std::int64_t out = 0, cut = 0;
    SpreadAxis(std::int64_t n, std::int64_t k, std::int64_t s, std::int64_t d, const Json& padding, std::optional<std::int64_t> extra, std::size_t axis) {
        const std::int64_t reach = (k - 1) * d + 1;
        if (padding.is_array()) {   // PyTorch's ConvTranspose
            cut = borders(padding)[axis][0];
            out = (n - 1) * s - cut - borders(padding)[axis][1] + d * (k - 1) + extra.value_or(0) + 1;
        } else if (padding == "same") {
            const std::int64_t length = extra ? reach + reach % 2 - 2 + *extra : s + reach - 2;
            cut = reach - 1 - std::min(length / 2 + length % 2, reach - 1);
            out = extra ? (n - 1) * s + reach % 2 + *extra : n * s;
        } else {
            out = (n - 1) * s + (extra ? reach + *extra : std::max(reach, s));
        }
    }
};

/// The value of a layer of this family; nothing for the others.
inline std::optional<Flat> window_value(test::Instance& of) {
    const std::string& kind = of.tested().kind;
    const Json& a = of.spec().attributes;
    const Flat& x = of.inputs()[0];
    const std::vector<Flat>& w = of.parameters();
    const Shape& shape = of.tested().inputs[0];
    const auto has = [&](const char* part) { return kind.find(part) != std::string::npos; };
    const bool convolves = has("conv"), pools = has("pooling"), pads = has("zero_padding"), cuts = has("cropping"), enlarges = has("up_sampling");
    if (!convolves && !pools && !pads && !cuts && !enlarges) return std::nullopt;

    const std::size_t axes = shape.size() - 1;
    const std::int64_t batch = of.batch(), height = axes == 1 ? 1 : shape[0], width = shape[axes - 1], channels = shape.back();
    const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
    const auto in = [&](std::int64_t n, std::int64_t h, std::int64_t v, std::int64_t c) { return x[size(((n * height + h) * width + v) * channels + c)]; };
    const Json padding = a.contains("padding") ? a["padding"] : Json("valid");
    Flat y;
    /// value(n, row, column, channel) for an output of these extents
    const auto fill = [&](std::int64_t rows, std::int64_t columns, std::int64_t outputs, auto&& value) {
        for (std::int64_t n = 0; n < batch; ++n)
            for (std::int64_t r = 0; r < rows; ++r)
                for (std::int64_t c = 0; c < columns; ++c)
                    for (std::int64_t o = 0; o < outputs; ++o) y.push_back(value(n, r, c, o));
        return y;
    };

    if (pads || cuts) {
        auto border = borders(a.at(pads ? "padding" : "cropping"));
        if (cuts)
            for (auto& pair : border)
                for (std::int64_t& amount : pair) amount = -amount;
        const auto [rows, columns] = border;
        return fill(height + rows[0] + rows[1], width + columns[0] + columns[1], channels, [&](std::int64_t n, std::int64_t r, std::int64_t c, std::int64_t o) {
            const std::int64_t h = r - rows[0], v = c - columns[0];
            return h < 0 || v < 0 || h >= height || v >= width ? 0 : in(n, h, v, o);
        });
    }
    if (enlarges) {
        const auto factor = by_axis(a, "size", axes, 1);
        const bool bilinear = a.value("interpolation", "nearest") == "bilinear";
        return fill(height * factor[0], width * factor[1], channels, [&](std::int64_t n, std::int64_t r, std::int64_t c, std::int64_t o) {
            if (!bilinear) return in(n, r / factor[0], c / factor[1], o);
            // Hat functions around the centres of the cells, the image continued by its borders.
            double sum = 0;
            for (std::int64_t h = -1; h <= height; ++h)
                for (std::int64_t v = -1; v <= width; ++v) {
                    const double down = (static_cast<double>(r) + 0.5) / static_cast<double>(factor[0]) - (static_cast<double>(h) + 0.5);
                    const double right = (static_cast<double>(c) + 0.5) / static_cast<double>(factor[1]) - (static_cast<double>(v) + 0.5);
                    const double weight = std::max(0.0, 1 - std::abs(down)) * std::max(0.0, 1 - std::abs(right));
                    sum += weight * in(n, std::clamp<std::int64_t>(h, 0, height - 1), std::clamp<std::int64_t>(v, 0, width - 1), o);
                }
            return sum;
        });
    }
    if (has("adaptive")) {
        const auto out = by_axis(a, "output_size", axes, 1);
        return fill(out[0], out[1], channels, [&](std::int64_t n, std::int64_t r, std::int64_t c, std::int64_t o) {
            double sum = 0;
            int cells = 0;
            for (std::int64_t h = 0; h < height; ++h)
                for (std::int64_t v = 0; v < width; ++v) {
                    // Cell h of H lies in window r of R where the intervals [h, h + 1) / H and [r, r + 1) / R meet.
                    const bool meets = h * out[0] < (r + 1) * height && (h + 1) * out[0] > r * height && v * out[1] < (c + 1) * width && (v + 1) * out[1] > c * width;
                    if (meets) sum += in(n, h, v, o), ++cells;
                }
            return sum / cells;
        });
    }
    if (has("global")) {
        return fill(1, 1, channels, [&](std::int64_t n, std::int64_t, std::int64_t, std::int64_t o) {
            double sum = 0, best = -INFINITY, count = 0;
            for (std::int64_t h = 0; h < height; ++h)
                for (std::int64_t v = 0; v < width; ++v) {
                    best = std::max(best, in(n, h, v, o));
                    if (!of.mask().empty() && of.mask()[size(n * width + v)] == 0) continue;
                    sum += in(n, h, v, o);
                    ++count;
                }
            return has("max") ? best : sum / count;
        });
    }
    if (pools) {
        const auto pool = by_axis(a, "pool_size", axes, 1);
        const auto stride = a.contains("strides") ? by_axis(a, "strides", axes, 1) : pool;
        const Axis rows(height, pool[0], stride[0], 1, axes == 1 ? Json("valid") : padding, 0), columns(width, pool[1], stride[1], 1, padding, 1);
        return fill(rows.out, columns.out, channels, [&](std::int64_t n, std::int64_t r, std::int64_t c, std::int64_t o) {
            double sum = 0, best = -INFINITY, count = 0;
            for (std::int64_t i = 0; i < pool[0]; ++i)
                for (std::int64_t j = 0; j < pool[1]; ++j) {
                    const std::int64_t h = rows.at(r, i), v = columns.at(c, j);
                    if (h >= 0 && v >= 0) sum += in(n, h, v, o), best = std::max(best, in(n, h, v, o));
                    if ((h >= 0 && v >= 0) || a.value("count_padding", false)) ++count;
                }
            return has("max") ? best : sum / count;
        });
    }

    const auto kernel = by_axis(a, "kernel_size", axes, 1), stride = by_axis(a, "strides", axes, 1), dilation = by_axis(a, "dilation_rate", axes, 1);
    const bool depthwise = has("depthwise");
    const std::int64_t multiplier = a.value("depth_multiplier", std::int64_t{1}), filters = depthwise ? channels * multiplier : a.at("filters").get<std::int64_t>();
    const std::int64_t groups = depthwise ? channels : a.value("groups", std::int64_t{1});
    const std::int64_t ins = channels / groups, outs = filters / groups;   // of a group
    const auto bias = [&](std::int64_t f) { return w.size() > 1 ? w[1][size(f)] : 0; };
    if (has("transpose")) {
        const auto spread = [&](std::size_t axis, std::int64_t n) {
            const bool given = a.contains("output_padding") && !a["output_padding"].is_null() && !(axes == 1 && axis == 0);
            const auto extra = by_axis(a, "output_padding", axes, 0, 0);
            return SpreadAxis(n, kernel[axis], stride[axis], dilation[axis], axes == 1 && axis == 0 ? Json("valid") : padding,
                              given ? std::optional(extra[axis]) : std::nullopt, axis);
        };
        const SpreadAxis rows = spread(0, height), columns = spread(1, width);
        fill(rows.out, columns.out, filters, [&](std::int64_t, std::int64_t, std::int64_t, std::int64_t f) { return bias(f); });
        for (std::int64_t n = 0; n < batch; ++n)
            for (std::int64_t h = 0; h < height; ++h)
                for (std::int64_t v = 0; v < width; ++v)
                    for (std::int64_t i = 0; i < kernel[0]; ++i)
                        for (std::int64_t j = 0; j < kernel[1]; ++j) {
                            const std::int64_t r = h * stride[0] + i * dilation[0] - rows.cut, c = v * stride[1] + j * dilation[1] - columns.cut;
                            if (r < 0 || c < 0 || r >= rows.out || c >= columns.out) continue;
                            for (std::int64_t from = 0; from < channels; ++from)
                                for (std::int64_t o = 0; o < outs; ++o) {
                                    const std::int64_t f = from / ins * outs + o;
                                    y[size(((n * rows.out + r) * columns.out + c) * filters + f)] +=
                                        in(n, h, v, from) * w[0][size(((i * kernel[1] + j) * outs + o) * channels + from)];
                                }
                        }
        return y;
    }
    const Axis rows(height, kernel[0], stride[0], dilation[0], axes == 1 ? Json("valid") : padding, 0), columns(width, kernel[1], stride[1], dilation[1], padding, 1);
    return fill(rows.out, columns.out, filters, [&](std::int64_t n, std::int64_t r, std::int64_t c, std::int64_t f) {
        double sum = bias(f);
        for (std::int64_t i = 0; i < kernel[0]; ++i)
            for (std::int64_t j = 0; j < kernel[1]; ++j)
                for (std::int64_t from = 0; from < ins; ++from) {
                    const std::int64_t h = rows.at(r, i), v = columns.at(c, j), channel = f / outs * ins + from;
                    if (h < 0 || v < 0) continue;
                    const std::int64_t weight = depthwise ? ((i * kernel[1] + j) * channels + channel) * multiplier + f % multiplier
                                                          : ((i * kernel[1] + j) * ins + from) * filters + f;
                    sum += in(n, h, v, channel) * w[0][size(weight)];
                }
        return sum;
    });
}

}  // namespace assay::oracle
