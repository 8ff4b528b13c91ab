#pragma once
// Convolution over one axis or two: cross-correlation, channels last. The kinds differ in how their settings say it.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/sample_products.hpp"
#include "libanalysis/engine/layers/window.hpp"

namespace assay::engine::layers {

class Convolution : public Layer {
public:
    bool piecewise_linear() const final { return true; }
    bool overwrites_gradients() const final { return true; }
    bool linear() const final { return true; }
    double madds() const final;
    void forward(Backend& lane, const Frame& frame) const final;
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const final;
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const final;
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const final;
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const final;
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const final;
    void weight_gradient_norms(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> norms) const final;
    void weight_gradient_squares(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> squares) const final;

protected:
    /// mixing: kernel [size.., in / groups, filters], from `filters` and `groups`. depthwise: every channel has `depth_multiplier` filters
    /// of its own, kernel [size.., in, depth_multiplier]; channel c makes the outputs c depth_multiplier, c depth_multiplier + 1, ..: with
    /// as many groups as channels the two kernels are the same array. Bias [outputs] where `use_bias` is true or absent.
    enum class Channels : std::uint8_t { mixing, depthwise };
    Convolution(const LayerSpec& spec, std::size_t axes, Channels channels);

private:
    SampleProducts samples(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, Buffer& windows) const;
    ConvGeometry of(const Frame& frame) const;
    std::int64_t cells(const Frame& frame) const { return frame.batch * geometry_.out_h * geometry_.out_w; }
    ConvGeometry geometry_;   // of one row
    bool bias_ = true;
};

}  // namespace assay::engine::layers
