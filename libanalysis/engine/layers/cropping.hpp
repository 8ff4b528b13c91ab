#pragma once
// What is left of an image of one axis or two without its borders, `cropping` [[before, after], ..] by axis.

#include "libanalysis/engine/layers/block.hpp"
#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {

class Cropping : public LinearLayer {
protected:
    Cropping(const LayerSpec& spec, std::size_t axes) : Cropping(spec, amounts(spec, "cropping", axes)) {}
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const final {
        block_.take(lane, batch, inputs[0], y, false);
    }
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const final {
        block_.put(lane, frame.batch, gy, gx[0], true);
    }

private:
    Cropping(const LayerSpec& spec, const std::vector<Amounts>& border) : block_(left_over(spec, border), border) {
        output_shape_ = left_over(spec, border);
    }
    static Shape left_over(const LayerSpec& spec, const std::vector<Amounts>& border) {
        Shape shape = image_of(spec, border.size());
        for (std::size_t axis = 0; axis < border.size(); ++axis) {
            shape[axis] -= border[axis].before + border[axis].after;
            if (shape[axis] < 1)
                spec.fail("a `cropping` that leaves something of " + std::to_string(spec.inputs[0][axis]) + " cells",
                          std::to_string(border[axis].before) + " and " + std::to_string(border[axis].after));
        }
        return shape;
    }
    Block block_;
};

}  // namespace assay::engine::layers
