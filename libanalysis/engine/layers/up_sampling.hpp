#pragma once
// Every cell of an image of one axis or two, `size` times along each: y[i, j] = x[i / size_h, j / size_w].

#include "libanalysis/engine/layers/linear_layer.hpp"
#include "libanalysis/engine/layers/window.hpp"

namespace assay::engine::layers {

class Repetition final : public LinearLayer {
public:
    /// `size`: by axis of the image.
    Repetition(const Shape& image, const std::vector<std::int64_t>& size)
        : rows_(size.size() == 1 ? 1 : image[0]), columns_(image[size.size() - 1]), channels_(image.back()), down_(size.size() == 1 ? 1 : size[0]),
          across_(size.back()) {
        output_shape_ = extents(size.size(), rows_ * down_, columns_ * across_, channels_);
    }

protected:
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const override {
        if (down_ == 1) return repeat(lane, batch * rows_ * columns_, channels_, across_, inputs[0], y);
        Buffer wide = lane.allocate(y.type, y.size / static_cast<std::size_t>(down_));
        repeat(lane, batch * rows_ * columns_, channels_, across_, inputs[0], wide.view());
        repeat(lane, batch * rows_, columns_ * across_ * channels_, down_, wide.view(), y);
    }
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (down_ == 1) return sum(lane, frame.batch * rows_ * columns_, channels_, across_, gy, gx[0]);
        Buffer wide = lane.zeros(gy.type, gy.size / static_cast<std::size_t>(down_));
        sum(lane, frame.batch * rows_, columns_ * across_ * channels_, down_, gy, wide.view());
        sum(lane, frame.batch * rows_ * columns_, channels_, across_, wide.view(), gx[0]);
    }

private:
    /// many[i, k, :] = once[i, :]
    static void repeat(Backend& lane, std::int64_t count, std::int64_t width, std::int64_t times, ConstView once, View many) {
        for (std::int64_t k = 0; k < times; ++k) lane.copy_block(count, width, once, width, from(many, k * width), times * width, false);
    }
    /// once[i, :] += sum_k many[i, k, :]
    static void sum(Backend& lane, std::int64_t count, std::int64_t width, std::int64_t times, ConstView many, View once) {
        for (std::int64_t k = 0; k < times; ++k) lane.copy_block(count, width, from(many, k * width), times * width, once, width, true);
    }
    template <class V>
    static V from(V view, std::int64_t offset) {
        return view.slice(static_cast<std::size_t>(offset), view.size - static_cast<std::size_t>(offset));
    }
    std::int64_t rows_, columns_, channels_, down_, across_;
};

}  // namespace assay::engine::layers
