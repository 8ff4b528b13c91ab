#include "libanalysis/engine/layers/convolution.hpp"

#include <utility>

namespace assay::engine::layers {

Convolution::Convolution(const LayerSpec& spec, std::size_t axes, Channels channels) : bias_(spec.boolean("use_bias", true)) {
    const std::vector<std::int64_t> size = spec.integers("kernel_size", axes);
    const auto [rows, columns] = slide(spec, axes, size, by_axis(spec, "strides", axes), by_axis(spec, "dilation_rate", axes),
                                       axes == 1 ? Named::or_causal : Named::valid_or_same);
    const std::int64_t in = image_of(spec, axes).back();
    std::int64_t filters = 0, groups = in;
    Shape kernel = size;
    if (channels == Channels::depthwise) {
        const std::int64_t multiplier = spec.integer("depth_multiplier", 1);
        if (multiplier < 1) spec.fail("positive `depth_multiplier`", std::to_string(multiplier));
        filters = in * multiplier;
        kernel.insert(kernel.end(), {in, multiplier});
    } else {
        filters = spec.integer("filters");
        groups = spec.integer("groups", 1);
        if (filters < 1) spec.fail("positive `filters`", std::to_string(filters));
        if (groups < 1 || in % groups != 0 || filters % groups != 0)
            spec.fail("`groups` that divide " + std::to_string(in) + " channels and " + std::to_string(filters) + " filters", std::to_string(groups));
        kernel.insert(kernel.end(), {in / groups, filters});
    }
    spec.require_parameter(0, kernel, "kernel");
    if (bias_) spec.require_parameter(1, {filters}, "bias");
    geometry_ = {.in_h = rows.cells, .in_w = columns.cells, .in_c = in, .out_h = rows.out, .out_w = columns.out, .out_c = filters,
                 .kernel_h = rows.size, .kernel_w = columns.size, .stride_h = rows.stride, .stride_w = columns.stride,
                 .dilation_h = rows.dilation, .dilation_w = columns.dilation, .pad_top = rows.before, .pad_left = columns.before,
                 .pad_bottom = rows.after, .pad_right = columns.after, .groups = groups};
    output_shape_ = extents(axes, rows.out, columns.out, filters);
}

double Convolution::madds() const {
    const ConvGeometry& g = geometry_;
    return static_cast<double>(g.out_h * g.out_w) * static_cast<double>(g.kernel_h * g.kernel_w * (g.in_c / g.groups)) * static_cast<double>(g.out_c);
}

void Convolution::forward(Backend& lane, const Frame& frame) const {
    lane.conv_forward(of(frame), frame.inputs[0], frame.parameters[0], bias_ ? frame.parameters[1] : ConstView{}, frame.output, false);
}

void Convolution::backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const {
    if (!gx[0].empty()) lane.conv_backward_input(of(frame), gy, frame.parameters[0], gx[0], frame.adds(0));
}

void Convolution::backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const {
    if (!gw[0].empty()) lane.conv_backward_weights(of(frame), frame.inputs[0], gy, gw[0], true);
    if (bias_ && !gw[1].empty()) lane.column_sums(gy, cells(frame), geometry_.out_c, gw[1], true);
}

void Convolution::forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const {
    const ConstView tx = tangent.inputs[0];
    if (!tx.empty()) lane.conv_forward(of(frame), tx, frame.parameters[0], tangent.output, false);
    weight_tangent(lane, frame, tangent.parameters, tangent.output, !tx.empty());
}

void Convolution::weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const {
    const ConstView kernel = at_or_empty(tw, 0), bias = at_or_empty(tw, 1);
    if (!kernel.empty()) return lane.conv_forward(of(frame), frame.inputs[0], kernel, bias_ ? bias : ConstView{}, ty, accumulate);
    if (!accumulate) lane.fill(ty, 0);
    if (bias_ && !bias.empty()) lane.add_row(bias, ty, cells(frame), geometry_.out_c);
}

void Convolution::backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy,
                                   std::span<const View> tgx, std::span<const View> tgw) const {
    const ConstView tx = tangent.inputs[0], tkernel = at_or_empty<ConstView>(tangent.parameters, 0);
    const ConvGeometry geometry = of(frame);
    if (!tgx[0].empty()) {
        bool add = frame.adds(0);
        if (!tgy.empty()) lane.conv_backward_input(geometry, tgy, frame.parameters[0], tgx[0], std::exchange(add, true));
        if (!tkernel.empty()) lane.conv_backward_input(geometry, gy, tkernel, tgx[0], std::exchange(add, true));
        if (!add) lane.fill(tgx[0], 0);
    }
    if (!tgw[0].empty()) {
        if (!tgy.empty()) lane.conv_backward_weights(geometry, frame.inputs[0], tgy, tgw[0], true);
        if (!tx.empty()) lane.conv_backward_weights(geometry, tx, gy, tgw[0], true);
    }
    if (bias_ && !tgw[1].empty() && !tgy.empty()) lane.column_sums(tgy, cells(frame), geometry_.out_c, tgw[1], true);
}

void Convolution::weight_gradient_norms(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> norms) const {
    if (geometry_.groups > 1) return Layer::weight_gradient_norms(lane, frame, gy, seeds, norms);
    Buffer windows;
    samples(lane, frame, gy, seeds, windows).norms(lane, norms[0], bias_ ? norms[1] : View{});
}

void Convolution::weight_gradient_squares(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> squares) const {
    if (geometry_.groups > 1) return Layer::weight_gradient_squares(lane, frame, gy, seeds, squares);
    Buffer windows;
    samples(lane, frame, gy, seeds, windows).squares(lane, squares[0], bias_ ? squares[1] : View{});
}

// A convolution is a product on its unrolled windows; `windows` is their memory.
SampleProducts Convolution::samples(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, Buffer& windows) const {
    const ConvGeometry& g = geometry_;
    return {.batch = frame.batch, .cells = g.out_h * g.out_w, .inner = g.kernel_h * g.kernel_w * g.in_c, .outer = g.out_c, .seeds = seeds,
            .rows = [this, &lane, &windows, x = frame.inputs[0]](std::int64_t first, std::int64_t count) {
                ConvGeometry part = geometry_;
                part.batch = count;
                const auto sample = static_cast<std::size_t>(part.in_h * part.in_w * part.in_c);
                const auto size = static_cast<std::size_t>(count * part.out_h * part.out_w * part.kernel_h * part.kernel_w * part.in_c);
                if (windows.empty() || windows.size() < size) windows = lane.allocate(x.type, size);
                const View target = windows.view().slice(0, size);
                lane.conv_windows(part, x.slice(static_cast<std::size_t>(first) * sample, static_cast<std::size_t>(count) * sample), target);
                return ConstView(target);
            },
            .gy = gy};
}

ConvGeometry Convolution::of(const Frame& frame) const {
    ConvGeometry geometry = geometry_;
    geometry.batch = frame.batch;
    return geometry;
}

}  // namespace assay::engine::layers
