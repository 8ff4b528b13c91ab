// Concatenate: inputs side by side along `axis`, which counts the batch axis as 0 (negative: from the end).

#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {
namespace {

class Concatenate final : public LinearLayer {
public:
    explicit Concatenate(const LayerSpec& spec) {
        const auto rank = static_cast<std::int64_t>(spec.inputs[0].size());
        std::int64_t axis = spec.integer("axis", -1);
        if (axis < 0) axis += rank + 1;
        if (axis < 1 || axis > rank)
            spec.fail("an `axis` other than the batch axis, of " + std::to_string(rank + 1) + " axes", std::to_string(spec.integer("axis", -1)));
        const auto a = static_cast<std::size_t>(axis - 1);
        output_shape_ = spec.inputs[0];
        output_shape_[a] = 0;
        for (const Shape& shape : spec.inputs) {
            Shape other = shape;
            if (other.size() == output_shape_.size()) other[a] = output_shape_[a];
            if (other != output_shape_)
                spec.fail("inputs that differ from " + to_string(spec.inputs[0]) + " along axis " + std::to_string(axis) + " only",
                          "shape " + to_string(shape));
            output_shape_[a] += shape[a];
            widths_.push_back(element_count(std::span(shape).subspan(a)));
        }
        prefix_ = element_count(std::span(output_shape_).first(a));
        width_ = element_count(std::span(output_shape_).subspan(a));
    }
    bool passes_mask() const override { return prefix_ > 1; }   // the time axis stays

protected:
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const override {
        std::int64_t offset = 0;
        for (const ConstView& x : inputs)
            if (x.empty()) {
                lane.fill(y, 0);
                break;
            }
        for (std::size_t i = 0; i < inputs.size(); offset += widths_[i++])
            if (!inputs[i].empty()) lane.copy_block(batch * prefix_, widths_[i], inputs[i], widths_[i], from(y, offset), width_, false);
    }
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        std::int64_t offset = 0;
        for (std::size_t i = 0; i < gx.size(); offset += widths_[i++])
            if (!gx[i].empty()) lane.copy_block(frame.batch * prefix_, widths_[i], from(gy, offset), width_, gx[i], widths_[i], true);
    }

private:
    template <class V>
    static V from(V view, std::int64_t offset) {
        return view.slice(static_cast<std::size_t>(offset), view.size - static_cast<std::size_t>(offset));
    }
    std::vector<std::int64_t> widths_;   // of each input, from the axis on
    std::int64_t width_ = 0, prefix_ = 1;
};

}  // namespace

const LayerKind concatenate_kind{"concatenate", make<Concatenate>};

}  // namespace assay::engine::layers
