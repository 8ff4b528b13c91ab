// Conv2D: cross-correlation, NHWC, kernel [kh, kw, in / groups, filters], bias [filters].

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/sample_products.hpp"
#include "libanalysis/engine/layers/window.hpp"

#include <utility>

namespace assay::engine::layers {
namespace {

class Conv2D final : public Layer {
public:
    explicit Conv2D(const LayerSpec& spec) {
        spec.require_inputs(1);
        spec.require_rank(0, 3);
        const Shape& x = spec.inputs[0];
        const std::int64_t filters = spec.integer("filters"), groups = spec.integer("groups", 1);
        const auto kernel = spec.integers("kernel_size", 2), strides = pair(spec, "strides"), dilation = pair(spec, "dilation_rate");
        if (filters < 1) spec.fail("positive `filters`", std::to_string(filters));
        if (groups < 1 || x[2] % groups != 0 || filters % groups != 0)
            spec.fail("`groups` that divide " + std::to_string(x[2]) + " channels and " + std::to_string(filters) + " filters",
                      std::to_string(groups));
        bias_ = spec.boolean("use_bias", true);
        spec.require_parameter(0, {kernel[0], kernel[1], x[2] / groups, filters}, "kernel");
        if (bias_) spec.require_parameter(1, {filters}, "bias");
        const Window rows = slide(spec, x[0], kernel[0], strides[0], dilation[0]), columns = slide(spec, x[1], kernel[1], strides[1], dilation[1]);
        geometry_ = {.in_h = x[0], .in_w = x[1], .in_c = x[2], .out_h = rows.out, .out_w = columns.out, .out_c = filters,
                     .kernel_h = kernel[0], .kernel_w = kernel[1], .stride_h = strides[0], .stride_w = strides[1],
                     .dilation_h = dilation[0], .dilation_w = dilation[1], .pad_top = rows.before, .pad_left = columns.before,
                     .pad_bottom = rows.after, .pad_right = columns.after, .groups = groups};
        output_shape_ = {rows.out, columns.out, filters};
    }
    bool piecewise_linear() const override { return true; }
    bool overwrites_gradients() const override { return true; }
    bool linear() const override { return true; }
    double madds() const override {
        const ConvGeometry& g = geometry_;
        return static_cast<double>(g.out_h * g.out_w) * static_cast<double>(g.kernel_h * g.kernel_w * (g.in_c / g.groups)) *
               static_cast<double>(g.out_c);
    }

    void forward(Backend& lane, const Frame& frame) const override {
        lane.conv_forward(of(frame), frame.inputs[0], frame.parameters[0], bias_ ? frame.parameters[1] : ConstView{}, frame.output, false);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) lane.conv_backward_input(of(frame), gy, frame.parameters[0], gx[0], frame.adds(0));
    }
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        if (!gw[0].empty()) lane.conv_backward_weights(of(frame), frame.inputs[0], gy, gw[0], true);
        if (bias_ && !gw[1].empty()) lane.column_sums(gy, cells(frame), geometry_.out_c, gw[1], true);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        const ConstView tx = tangent.inputs[0];
        if (!tx.empty()) lane.conv_forward(of(frame), tx, frame.parameters[0], tangent.output, false);
        weight_tangent(lane, frame, tangent.parameters, tangent.output, !tx.empty());
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        const ConstView kernel = at_or_empty(tw, 0), bias = at_or_empty(tw, 1);
        if (!kernel.empty()) return lane.conv_forward(of(frame), frame.inputs[0], kernel, bias_ ? bias : ConstView{}, ty, accumulate);
        if (!accumulate) lane.fill(ty, 0);
        if (bias_ && !bias.empty()) lane.add_row(bias, ty, cells(frame), geometry_.out_c);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override {
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
    void weight_gradient_norms(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> norms) const override {
        if (geometry_.groups > 1) return Layer::weight_gradient_norms(lane, frame, gy, seeds, norms);
        Buffer windows;
        samples(lane, frame, gy, seeds, windows).norms(lane, norms[0], bias_ ? norms[1] : View{});
    }
    void weight_gradient_squares(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> squares) const override {
        if (geometry_.groups > 1) return Layer::weight_gradient_squares(lane, frame, gy, seeds, squares);
        Buffer windows;
        samples(lane, frame, gy, seeds, windows).squares(lane, squares[0], bias_ ? squares[1] : View{});
    }

private:
    /// A convolution is a product on its unrolled windows; `windows` is their memory.
    SampleProducts samples(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, Buffer& windows) const {
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
    static std::vector<std::int64_t> pair(const LayerSpec& spec, const char* key) {
        return spec.attributes.contains(key) && !spec.attributes[key].is_null() ? spec.integers(key, 2) : std::vector<std::int64_t>{1, 1};
    }
    ConvGeometry of(const Frame& frame) const {
        ConvGeometry geometry = geometry_;
        geometry.batch = frame.batch;
        return geometry;
    }
    std::int64_t cells(const Frame& frame) const { return frame.batch * geometry_.out_h * geometry_.out_w; }
    ConvGeometry geometry_;
    bool bias_ = true;
};

}  // namespace

const LayerKind conv2d_kind{"conv2d", make<Conv2D>};

}  // namespace assay::engine::layers
