// Dense: y = x W + b on the last axis; kernel [in, units], bias [units].

#include "libanalysis/engine/layers/kinds.hpp"

#include <utility>

namespace assay::engine::layers {
namespace {

class Dense final : public Layer {
public:
    explicit Dense(const LayerSpec& spec) {
        spec.require_inputs(1);
        if (spec.inputs[0].empty()) spec.fail("an input with at least one axis", "a scalar");
        units_ = spec.integer("units");
        in_ = spec.inputs[0].back();
        bias_ = spec.boolean("use_bias", true);
        if (units_ < 1) spec.fail("positive `units`", std::to_string(units_));
        spec.require_parameter(0, {in_, units_}, "kernel");
        if (bias_) spec.require_parameter(1, {units_}, "bias");
        output_shape_ = spec.inputs[0];
        output_shape_.back() = units_;
        times_ = element_count(spec.inputs[0]) / in_;
    }
    bool passes_mask() const override { return true; }
    bool piecewise_linear() const override { return true; }
    bool overwrites_gradients() const override { return true; }
    double madds() const override { return static_cast<double>(times_) * static_cast<double>(in_) * static_cast<double>(units_); }

    void forward(Backend& lane, const Frame& frame) const override {
        product(lane, frame, frame.inputs[0], frame.parameters[0], frame.output, false);
        if (bias_) lane.add_row(frame.parameters[1], frame.output, rows(frame), units_);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) input_product(lane, frame, gy, frame.parameters[0], gx[0], frame.adds(0));
    }
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        if (!gw[0].empty()) weight_product(lane, frame, frame.inputs[0], gy, gw[0]);
        if (bias_ && !gw[1].empty()) lane.column_sums(gy, rows(frame), units_, gw[1], true);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        const ConstView tx = tangent.inputs[0];
        if (!tx.empty()) product(lane, frame, tx, frame.parameters[0], tangent.output, false);
        weight_tangent(lane, frame, tangent.parameters, tangent.output, !tx.empty());
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        const ConstView kernel = at_or_empty(tw, 0), bias = at_or_empty(tw, 1);
        if (!kernel.empty()) product(lane, frame, frame.inputs[0], kernel, ty, accumulate);
        else if (!accumulate) lane.fill(ty, 0);
        if (bias_ && !bias.empty()) lane.add_row(bias, ty, rows(frame), units_);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override {
        const ConstView tx = tangent.inputs[0], tkernel = at_or_empty<ConstView>(tangent.parameters, 0);
        if (!tgx[0].empty()) {
            bool add = frame.adds(0);
            if (!tgy.empty()) input_product(lane, frame, tgy, frame.parameters[0], tgx[0], std::exchange(add, true));
            if (!tkernel.empty()) input_product(lane, frame, gy, tkernel, tgx[0], std::exchange(add, true));
            if (!add) lane.fill(tgx[0], 0);
        }
        if (!tgw[0].empty()) {
            if (!tgy.empty()) weight_product(lane, frame, frame.inputs[0], tgy, tgw[0]);
            if (!tx.empty()) weight_product(lane, frame, tx, gy, tgw[0]);
        }
        if (bias_ && !tgw[1].empty() && !tgy.empty()) lane.column_sums(tgy, rows(frame), units_, tgw[1], true);
    }
    // One row of x and gy per sample: the gradient x gy^T has the norm |x| |gy|.
    void weight_gradient_norms(Backend& lane, const Frame& frame, ConstView gy, View norms) const override {
        if (times_ > 1) return Layer::weight_gradient_norms(lane, frame, gy, norms);
        const auto count = static_cast<std::size_t>(frame.batch);
        Buffer x = lane.allocate(norms.type, count), g = lane.allocate(norms.type, count);
        lane.row_dots(frame.inputs[0], frame.inputs[0], frame.batch, in_, x.view(), false);
        lane.row_dots(gy, gy, frame.batch, units_, g.view(), false);
        lane.multiply(x.view(), g.view(), norms, true);
        if (bias_) lane.axpy(1, g.view(), norms);
    }

private:
    std::int64_t rows(const Frame& frame) const { return frame.batch * times_; }
    void product(Backend& lane, const Frame& frame, ConstView x, ConstView w, View y, bool accumulate) const {
        lane.gemm(false, false, rows(frame), units_, in_, 1, x, in_, w, units_, accumulate ? 1 : 0, y, units_);
    }
    void input_product(Backend& lane, const Frame& frame, ConstView gy, ConstView w, View gx, bool accumulate) const {
        lane.gemm(false, true, rows(frame), in_, units_, 1, gy, units_, w, units_, accumulate ? 1 : 0, gx, in_);
    }
    void weight_product(Backend& lane, const Frame& frame, ConstView x, ConstView gy, View gw) const {
        lane.gemm(true, false, in_, units_, rows(frame), 1, x, in_, gy, units_, 1, gw, units_);
    }
    std::int64_t units_ = 0, in_ = 0, times_ = 1;   // times_: rows of the last axis in one sample
    bool bias_ = true;
};

}  // namespace

const LayerKind dense_kind{"dense", make<Dense>};

}  // namespace assay::engine::layers
