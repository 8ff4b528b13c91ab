#include "libanalysis/engine/layers/transposed_convolution.hpp"

#include <utility>

namespace assay::engine::layers {

TransposedConvolution::TransposedConvolution(const LayerSpec& spec, std::size_t axes) : bias_(spec.boolean("use_bias", true)) {
    const std::vector<std::int64_t> size = spec.integers("kernel_size", axes);
    const auto [rows, columns] = slide_back(spec, axes, size, by_axis(spec, "strides", axes), by_axis(spec, "dilation_rate", axes));
    const std::int64_t in = image_of(spec, axes).back(), filters = spec.integer("filters"), groups = spec.integer("groups", 1);
    if (filters < 1) spec.fail("positive `filters`", std::to_string(filters));
    if (groups < 1 || in % groups != 0 || filters % groups != 0)
        spec.fail("`groups` that divide " + std::to_string(in) + " channels and " + std::to_string(filters) + " filters", std::to_string(groups));
    Shape kernel = size;
    kernel.insert(kernel.end(), {filters / groups, in});
    spec.require_parameter(0, kernel, "kernel");
    if (bias_) spec.require_parameter(1, {filters}, "bias");
    geometry_ = {.in_h = rows.cells, .in_w = columns.cells, .in_c = filters, .out_h = rows.out, .out_w = columns.out, .out_c = in,
                 .kernel_h = rows.size, .kernel_w = columns.size, .stride_h = rows.stride, .stride_w = columns.stride,
                 .dilation_h = rows.dilation, .dilation_w = columns.dilation, .pad_top = rows.before, .pad_left = columns.before,
                 .pad_bottom = rows.after, .pad_right = columns.after, .groups = groups};
    output_shape_ = extents(axes, rows.cells, columns.cells, filters);
}

double TransposedConvolution::madds() const {
    const ConvGeometry& g = geometry_;
    return static_cast<double>(g.out_h * g.out_w) * static_cast<double>(g.kernel_h * g.kernel_w * (g.in_c / g.groups)) * static_cast<double>(g.out_c);
}

void TransposedConvolution::forward(Backend& lane, const Frame& frame) const {
    lane.conv_backward_input(of(frame), frame.inputs[0], frame.parameters[0], frame.output, false);
    if (bias_) lane.add_row(frame.parameters[1], frame.output, cells(frame), geometry_.in_c);
}

void TransposedConvolution::backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const {
    if (!gx[0].empty()) lane.conv_forward(of(frame), gy, frame.parameters[0], gx[0], frame.adds(0));
}

void TransposedConvolution::backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const {
    if (!gw[0].empty()) lane.conv_backward_weights(of(frame), gy, frame.inputs[0], gw[0], true);
    if (bias_ && !gw[1].empty()) lane.column_sums(gy, cells(frame), geometry_.in_c, gw[1], true);
}

void TransposedConvolution::forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const {
    const ConstView tx = tangent.inputs[0];
    if (!tx.empty()) lane.conv_backward_input(of(frame), tx, frame.parameters[0], tangent.output, false);
    weight_tangent(lane, frame, tangent.parameters, tangent.output, !tx.empty());
}

void TransposedConvolution::weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const {
    const ConstView kernel = at_or_empty(tw, 0), bias = at_or_empty(tw, 1);
    if (!kernel.empty()) lane.conv_backward_input(of(frame), frame.inputs[0], kernel, ty, accumulate);
    else if (!accumulate) lane.fill(ty, 0);
    if (bias_ && !bias.empty()) lane.add_row(bias, ty, cells(frame), geometry_.in_c);
}

void TransposedConvolution::backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy,
                                             std::span<const View> tgx, std::span<const View> tgw) const {
    const ConstView tx = tangent.inputs[0], tkernel = at_or_empty<ConstView>(tangent.parameters, 0);
    if (!tgx[0].empty()) {
        bool add = frame.adds(0);
        if (!tgy.empty()) lane.conv_forward(of(frame), tgy, frame.parameters[0], tgx[0], std::exchange(add, true));
        if (!tkernel.empty()) lane.conv_forward(of(frame), gy, tkernel, tgx[0], std::exchange(add, true));
        if (!add) lane.fill(tgx[0], 0);
    }
    if (!tgy.empty()) backward_weights(lane, frame, tgy, tgw);
    if (!tgw[0].empty() && !tx.empty()) lane.conv_backward_weights(of(frame), gy, tx, tgw[0], true);
}

ConvGeometry TransposedConvolution::of(const Frame& frame) const {
    ConvGeometry geometry = geometry_;
    geometry.batch = frame.batch;
    return geometry;
}

}  // namespace assay::engine::layers
