#pragma once
// Zeros around an image of one axis or two, `padding` [[before, after], ..] by axis.

#include "libanalysis/engine/layers/block.hpp"
#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {

class ZeroPadding : public LinearLayer {
public:
    bool overwrites_gradients() const final { return true; }

protected:
    ZeroPadding(const LayerSpec& spec, std::size_t axes) : block_(image_of(spec, axes), amounts(spec, "padding", axes)) {
        output_shape_ = block_.outer();
    }
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const final {
        lane.fill(y, 0);
        block_.put(lane, batch, inputs[0], y, false);
    }
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const final {
        block_.take(lane, frame.batch, gy, gx[0], frame.adds(0));
    }

private:
    Block block_;
};

}  // namespace assay::engine::layers
