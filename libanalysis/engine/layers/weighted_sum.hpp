#pragma once
// y = f_1 x_1 + ... + f_n x_n with fixed factors; inputs are spread over the shape that they have together (broadcast.hpp).

#include "libanalysis/engine/layers/broadcast.hpp"
#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {

class WeightedSum final : public LinearLayer {
public:
    WeightedSum(const LayerSpec& spec, std::vector<double> factors);
    bool passes_mask() const override { return passes_mask_; }
    bool overwrites_gradients() const override { return true; }
    Reuse reuse() const override { return plain_ ? Reuse::passes_on : Reuse::none; }

protected:
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const override;
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override;

private:
    std::vector<double> factors_;
    std::vector<Broadcast> spread_;
    bool plain_ = true;         ///< every factor is 1 and every input has the output's shape
    bool passes_mask_ = true;
};

}  // namespace assay::engine::layers
