// Learned array: y = w for every row, an array of shape `shape` that no input determines: embeddings of positions, class tokens. The input
// only says how many rows there are.

#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

class LearnedArray final : public Layer {
public:
    explicit LearnedArray(const LayerSpec& spec) {
        spec.require_inputs(1);
        const auto found = spec.attributes.find("shape");
        output_shape_ = spec.integers("shape", found != spec.attributes.end() && found->is_array() ? found->size() : 1);
        spec.require_parameter(0, output_shape_, "weight");
        size_ = element_count(output_shape_);
    }
    bool piecewise_linear() const override { return true; }
    bool linear() const override { return true; }

    void forward(Backend& lane, const Frame& frame) const override {
        lane.fill(frame.output, 0);
        lane.add_row(frame.parameters[0], frame.output, frame.batch, size_);
    }
    void backward_input(Backend&, const Frame&, ConstView, std::span<const View>) const override {}
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        if (!gw[0].empty()) lane.column_sums(gy, frame.batch, size_, gw[0], true);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        weight_tangent(lane, frame, tangent.parameters, tangent.output, false);
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        if (!accumulate) lane.fill(ty, 0);
        if (const ConstView array = at_or_empty(tw, 0); !array.empty()) lane.add_row(array, ty, frame.batch, size_);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent&, ConstView, ConstView tgy, std::span<const View>,
                          std::span<const View> tgw) const override {
        if (!tgy.empty()) backward_weights(lane, frame, tgy, tgw);
    }

private:
    std::int64_t size_ = 1;
};

}  // namespace

const LayerKind learned_array_kind{"learned_array", make<LearnedArray>};

}  // namespace assay::engine::layers
