#pragma once
// The largest or the smallest of the inputs, entry by entry; of equal ones the first is chosen. Inputs are spread over the shape
// that they have together.

#include "libanalysis/engine/layers/broadcast.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {

class Extremum final : public Layer {
public:
    Extremum(const LayerSpec& spec, bool largest);
    bool passes_mask() const override { return passes_mask_; }
    bool piecewise_linear() const override { return true; }
    std::size_t saved_bytes() const override { return sizeof(float) * spread_.size() * static_cast<std::size_t>(element_count(output_shape_)); }

    void forward(Backend& lane, const Frame& frame) const override;
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override;
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override;
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override;

private:
    ConstView in_output_shape(Backend& lane, const Frame& frame, std::size_t i, ConstView x, Buffer& owner) const;
    std::vector<Broadcast> spread_;
    bool largest_, passes_mask_ = true;
};

}  // namespace assay::engine::layers
