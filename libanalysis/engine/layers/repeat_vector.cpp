// RepeatVector: [values] becomes [count, values], the same row `count` times.

#include "libanalysis/engine/layers/broadcast.hpp"
#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {
namespace {

Shape repeated_shape(const LayerSpec& spec) {
    spec.require_inputs(1);
    spec.require_rank(0, 1);
    const std::int64_t count = spec.integer("count");
    if (count < 1) spec.fail("a positive `count`", std::to_string(count));
    return {count, spec.inputs[0][0]};
}

class RepeatVector final : public LinearLayer {
public:
    explicit RepeatVector(const LayerSpec& spec) : spread_({1, spec.inputs.at(0).empty() ? 1 : spec.inputs[0][0]}, repeated_shape(spec)) {
        output_shape_ = repeated_shape(spec);
    }
    bool overwrites_gradients() const override { return true; }

protected:
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const override {
        spread_.expand(lane, batch, inputs[0], y, false);
    }
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        spread_.reduce(lane, frame.batch, gy, gx[0], frame.adds(0));
    }

private:
    Broadcast spread_;
};

}  // namespace

const LayerKind repeat_vector_kind{"repeat_vector", make<RepeatVector>};

}  // namespace assay::engine::layers
