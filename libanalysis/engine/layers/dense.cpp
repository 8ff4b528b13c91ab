// Dense: y = x W + b on the last axis; kernel [in, units], bias [units].

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/sample_products.hpp"

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
    bool linear() const override { return true; }
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
    // One row of x and gy per sample: the gradient x gy^T has the norm |x| |gy|, and entries whose squares are products of squares.
    void weight_gradient_norms(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> norms) const override {
        const View kernel = norms[0], bias = bias_ ? norms[1] : View{};
        if (kernel.empty() && bias.empty()) return;
        if (times_ > 1) return samples(frame, gy, seeds).norms(lane, kernel, bias);
        const auto count = static_cast<std::size_t>(frame.batch);
        Buffer x = lane.allocate(gy.type, count), g = lane.zeros(gy.type, count);
        for (std::int64_t k = 0; k < seeds; ++k) {
            const ConstView one = gy.slice(static_cast<std::size_t>(k) * frame.output.size, frame.output.size);
            lane.row_dots(one, one, frame.batch, units_, g.view(), true);
        }
        if (!bias.empty()) lane.axpy(1, g.view(), bias);
        if (kernel.empty()) return;
        lane.row_dots(frame.inputs[0], frame.inputs[0], frame.batch, in_, x.view(), false);
        lane.multiply(x.view(), g.view(), kernel, true);
    }
    void weight_gradient_squares(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> squares) const override {
        const View kernel = squares[0], bias = bias_ ? squares[1] : View{};
        if (kernel.empty() && bias.empty()) return;
        if (times_ > 1) return samples(frame, gy, seeds).squares(lane, kernel, bias);
        Buffer g = lane.zeros(gy.type, frame.output.size);
        for (std::int64_t k = 0; k < seeds; ++k) {
            const ConstView one = gy.slice(static_cast<std::size_t>(k) * frame.output.size, frame.output.size);
            lane.multiply(one, one, g.view(), true);
        }
        if (!bias.empty()) lane.column_sums(g.view(), frame.batch, units_, bias, true);
        if (kernel.empty()) return;
        Buffer x = lane.allocate(gy.type, frame.inputs[0].size);
        lane.multiply(frame.inputs[0], frame.inputs[0], x.view(), false);
        weight_product(lane, frame, x.view(), g.view(), kernel);
    }

private:
    std::int64_t rows(const Frame& frame) const { return frame.batch * times_; }
    SampleProducts samples(const Frame& frame, ConstView gy, std::int64_t seeds) const {
        const auto sample = static_cast<std::size_t>(times_ * in_);
        return {.batch = frame.batch, .cells = times_, .inner = in_, .outer = units_, .seeds = seeds,
                .rows = [x = frame.inputs[0], sample](std::int64_t first, std::int64_t count) {
                    return x.slice(static_cast<std::size_t>(first) * sample, static_cast<std::size_t>(count) * sample);
                },
                .gy = gy};
    }
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
