// ZeroPadding2D: zeros around an image, `padding` [[top, bottom], [left, right]].

#include "libanalysis/engine/layers/linear_layer.hpp"

#include <array>

namespace assay::engine::layers {
namespace {

class ZeroPadding2D final : public LinearLayer {
public:
    explicit ZeroPadding2D(const LayerSpec& spec) {
        spec.require_inputs(1);
        spec.require_rank(0, 3);
        const std::string expected = "`padding` [[top, bottom], [left, right]] of integers from 0 to 2^20";
        const auto padding = spec.attributes.find("padding");
        if (padding == spec.attributes.end() || !padding->is_array() || padding->size() != 2) spec.fail(expected, "something else");
        std::array<std::int64_t, 4> pads{};
        for (std::size_t i = 0; i < 4; ++i) {
            const Json& pair = (*padding)[i / 2];
            if (!pair.is_array() || pair.size() != 2 || !pair[i % 2].is_number_integer()) spec.fail(expected, padding->dump());
            pads[i] = pair[i % 2].get<std::int64_t>();
            if (pads[i] < 0 || pads[i] > (1 << 20)) spec.fail(expected, padding->dump());
        }
        const Shape& x = spec.inputs[0];
        output_shape_ = {x[0] + pads[0] + pads[1], x[1] + pads[2] + pads[3], x[2]};
        height_ = x[0];
        row_ = x[1] * x[2];
        padded_row_ = output_shape_[1] * x[2];
        offset_ = pads[0] * padded_row_ + pads[2] * x[2];
    }

protected:
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const override {
        lane.fill(y, 0);
        for (std::int64_t n = 0; n < batch; ++n)
            lane.copy_block(height_, row_, image(inputs[0], n), row_, inner(y, n), padded_row_, false);
    }
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        for (std::int64_t n = 0; n < frame.batch; ++n)
            lane.copy_block(height_, row_, inner(gy, n), padded_row_, image(gx[0], n), row_, true);
    }

private:
    template <class V>
    V image(V x, std::int64_t n) const {
        return x.slice(static_cast<std::size_t>(n * height_ * row_), static_cast<std::size_t>(height_ * row_));
    }
    template <class V>
    V inner(V y, std::int64_t n) const {   // from the first cell that is not padding
        const std::int64_t size = output_shape_[0] * padded_row_;
        return y.slice(static_cast<std::size_t>(n * size + offset_), static_cast<std::size_t>(size - offset_));
    }
    std::int64_t height_, row_, padded_row_, offset_;
};

}  // namespace

const LayerKind zero_padding_2d_kind{"zero_padding_2d", make<ZeroPadding2D>};

}  // namespace assay::engine::layers
