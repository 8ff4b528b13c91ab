// GlobalAveragePooling1D: the mean of every channel over time; `keepdims` keeps an axis of extent 1. Under a mask it is the mean over the
// steps that are there, and NaN where none is, as in Keras.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/pooling.hpp"

namespace assay::engine::layers {
namespace {

class GlobalAveragePooling1D final : public Layer {
public:
    explicit GlobalAveragePooling1D(const LayerSpec& spec) {
        const Shape& x = image_of(spec, 1);
        time_ = x[0];
        channels_ = x[1];
        output_shape_ = pooled_away(spec, 1);
    }
    bool piecewise_linear() const override { return true; }   // but not linear(): the mask decides, which a pass without inputs lacks
    bool overwrites_gradients() const override { return true; }

    void forward(Backend& lane, const Frame& frame) const override { mean(lane, frame, frame.inputs[0], frame.output); }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (gx[0].empty()) return;
        const Buffer shares = shares_of(lane, frame, gy.type);
        lane.gemm_batched(false, false, time_, channels_, 1, 1, shares.view(), 1, time_, gy, channels_, channels_, frame.adds(0) ? 1 : 0, gx[0],
                          channels_, time_ * channels_, frame.batch);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        if (tangent.inputs[0].empty()) lane.fill(tangent.output, 0);
        else mean(lane, frame, tangent.inputs[0], tangent.output);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent&, ConstView, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const override {
        if (!tgy.empty()) backward_input(lane, frame, tgy, tgx);
        else if (!tgx[0].empty() && !frame.adds(0)) lane.fill(tgx[0], 0);
    }

private:
    void mean(Backend& lane, const Frame& frame, ConstView x, View y) const {
        const Buffer shares = shares_of(lane, frame, x.type);
        lane.gemm_batched(false, false, 1, channels_, time_, 1, shares.view(), time_, time_, x, channels_, time_ * channels_, 0, y, channels_, channels_,
                          frame.batch);
    }
    /// The weight of every step in its sample's mean, [batch, time].
    Buffer shares_of(Backend& lane, const Frame& frame, DType type) const {
        Buffer shares = lane.allocate(type, static_cast<std::size_t>(frame.batch * time_));
        if (frame.masks.empty() || frame.masks[0].empty()) {
            lane.fill(shares.view(), 1 / static_cast<double>(time_));
            return shares;
        }
        Buffer count = lane.allocate(type, static_cast<std::size_t>(frame.batch)), inverse = lane.allocate(type, static_cast<std::size_t>(frame.batch));
        lane.row_sums(frame.masks[0], frame.batch, time_, count.view(), false);
        lane.map(Pointwise::reciprocal, 0, count.view(), inverse.view());
        lane.multiply_column(inverse.view(), frame.masks[0], shares.view(), frame.batch, time_, false);
        return shares;
    }
    std::int64_t time_ = 1, channels_ = 1;
};

}  // namespace

const LayerKind global_average_pooling_1d_kind{"global_average_pooling_1d", make<GlobalAveragePooling1D>};

}  // namespace assay::engine::layers
