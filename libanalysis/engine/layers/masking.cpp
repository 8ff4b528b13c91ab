// Masking: steps of [time, features] whose features all equal `mask_value` are masked for the layers that follow, and zero.

#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

class Masking final : public Layer {
public:
    explicit Masking(const LayerSpec& spec) : value_(static_cast<float>(spec.number("mask_value", 0))) {
        spec.require_inputs(1);
        spec.require_rank(0, 2);
        output_shape_ = spec.inputs[0];
        width_ = spec.inputs[0][1];
    }
    bool makes_mask() const override { return true; }
    bool piecewise_linear() const override { return true; }

    // Without a look at the values: the sum of |x - mask_value| over the features, made very large unless it is zero, and cut off at 1.
    void forward(Backend& lane, const Frame& frame) const override {
        const DType type = frame.output.type;
        const auto steps = static_cast<std::int64_t>(frame.output_mask.size);
        Buffer apart = lane.allocate(type, frame.inputs[0].size), sizes = lane.allocate(type, frame.inputs[0].size);
        lane.fill(apart.view(), -value_);
        lane.axpy(1, frame.inputs[0], apart.view());
        lane.map(Pointwise::relu, 1, apart.view(), sizes.view());
        lane.scale(-1, apart.view());
        lane.map(Pointwise::relu, 1, apart.view(), apart.view());
        lane.axpy(1, apart.view(), sizes.view());
        Buffer distance = lane.allocate(type, frame.output_mask.size);
        lane.row_sums(sizes.view(), steps, width_, distance.view(), false);
        for (int time = 0; time < 2; ++time) {   // twice, so that the smallest float32 becomes 1, too
            lane.scale(1e38, distance.view());
            cut_off(lane, distance.view(), frame.output_mask);
            lane.copy(frame.output_mask, distance.view());
        }
        keep(lane, frame, frame.inputs[0], frame.output, false);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) keep(lane, frame, gy, gx[0], true);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        if (tangent.inputs[0].empty()) lane.fill(tangent.output, 0);
        else keep(lane, frame, tangent.inputs[0], tangent.output, false);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent&, ConstView, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const override {
        if (!tgy.empty()) backward_input(lane, frame, tgy, tgx);
    }

private:
    /// y = min(x, 1) = 1 - relu(1 - x); overwrites x.
    static void cut_off(Backend& lane, View x, View y) {
        lane.fill(y, 1);
        lane.axpy(-1, x, y);
        lane.map(Pointwise::relu, 1, y, x);
        lane.fill(y, 1);
        lane.axpy(-1, x, y);
    }
    void keep(Backend& lane, const Frame& frame, ConstView x, View y, bool accumulate) const {
        lane.multiply_column(frame.output_mask, x, y, static_cast<std::int64_t>(frame.output_mask.size), width_, accumulate);
    }
    float value_;   // data and value are given in float32
    std::int64_t width_ = 1;
};

}  // namespace

const LayerKind masking_kind{"masking", make<Masking>};

}  // namespace assay::engine::layers
