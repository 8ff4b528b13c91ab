// Rescaling: y = scale x + offset, two numbers that are not parameters.

#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {
namespace {

class Rescaling final : public LinearLayer {
public:
    explicit Rescaling(const LayerSpec& spec) : scale_(spec.number("scale", 1)), offset_(spec.number("offset", 0)) {
        spec.require_inputs(1);
        output_shape_ = spec.inputs[0];
    }
    void forward(Backend& lane, const Frame& frame) const override {
        lane.fill(frame.output, offset_);
        lane.axpy(scale_, frame.inputs[0], frame.output);
    }

protected:
    void apply(Backend& lane, std::int64_t, std::span<const ConstView> inputs, View y) const override {
        lane.copy(inputs[0], y);
        lane.scale(scale_, y);
    }
    void transpose(Backend& lane, const Frame&, ConstView gy, std::span<const View> gx) const override { lane.axpy(scale_, gy, gx[0]); }

private:
    double scale_, offset_;
};

}  // namespace

const LayerKind rescaling_kind{"rescaling", make<Rescaling>};

}  // namespace assay::engine::layers
