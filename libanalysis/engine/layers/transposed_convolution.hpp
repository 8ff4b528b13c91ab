#pragma once
// The transpose of a convolution over one axis or two: what its backward_input is to its forward. A convolution from the output's
// channels to the input's has the kernel [size.., filters / groups, in]; window.hpp says how large the output is.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/window.hpp"

namespace assay::engine::layers {

class TransposedConvolution : public Layer {
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

protected:
    TransposedConvolution(const LayerSpec& spec, std::size_t axes);

private:
    ConvGeometry of(const Frame& frame) const;
    std::int64_t cells(const Frame& frame) const { return frame.batch * geometry_.in_h * geometry_.in_w; }   ///< of the output
    ConvGeometry geometry_;   // of the convolution from the output to the input, of one row
    bool bias_ = true;
};

}  // namespace assay::engine::layers
