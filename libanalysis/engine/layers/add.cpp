// Add: y = x_1 + ... + x_n, inputs of one shape.

#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {
namespace {

class Add final : public LinearLayer {
public:
    explicit Add(const LayerSpec& spec) {
        for (const Shape& shape : spec.inputs)
            if (shape != spec.inputs[0]) spec.fail("inputs of one shape, " + to_string(spec.inputs[0]), "shape " + to_string(shape));
        output_shape_ = spec.inputs[0];
    }
    bool passes_mask() const override { return true; }
    bool overwrites_gradients() const override { return true; }
    Reuse reuse() const override { return Reuse::passes_on; }

protected:
    void apply(Backend& lane, std::int64_t, std::span<const ConstView> inputs, View y) const override {
        bool first = true;
        for (const ConstView& x : inputs) {
            if (x.empty()) continue;
            if (first) lane.copy(x, y);
            else lane.axpy(1, x, y);
            first = false;
        }
    }
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        for (std::size_t i = 0; i < gx.size(); ++i) {
            if (gx[i].empty()) continue;
            if (frame.adds(i)) lane.axpy(1, gy, gx[i]);
            else lane.copy(gy, gx[i]);
        }
    }
};

}  // namespace

const LayerKind add_kind{"add", make<Add>};

}  // namespace assay::engine::layers
