// Permute: axis i of the output is axis order[i] of the input (both counted from 1, the batch axis stays).

#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {
namespace {

class Permute final : public LinearLayer {
public:
    explicit Permute(const LayerSpec& spec) {
        spec.require_inputs(1);
        const Shape& x = spec.inputs[0];
        const std::vector<std::int64_t> given = spec.integers("order", x.size());
        order_.push_back(0);
        inverse_.resize(x.size() + 1, -1);
        inverse_[0] = 0;
        for (const std::int64_t axis : given) {
            if (axis > static_cast<std::int64_t>(x.size()) || inverse_[static_cast<std::size_t>(axis)] >= 0)
                spec.fail("an `order` that is a permutation of 1 .. " + std::to_string(x.size()), spec.attributes.at("order").dump());
            inverse_[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(order_.size());
            order_.push_back(axis);
            output_shape_.push_back(x[static_cast<std::size_t>(axis - 1)]);
        }
        from_ = {1};
        from_.insert(from_.end(), x.begin(), x.end());
        to_ = {1};
        to_.insert(to_.end(), output_shape_.begin(), output_shape_.end());
    }

protected:
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const override {
        Shape shape = from_;
        shape[0] = batch;
        lane.permute(inputs[0], shape, order_, y, false);
    }
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        Shape shape = to_;
        shape[0] = frame.batch;
        lane.permute(gy, shape, inverse_, gx[0], true);
    }

private:
    std::vector<std::int64_t> order_, inverse_;
    Shape from_, to_;   // with the batch axis
};

}  // namespace

const LayerKind permute_kind{"permute", make<Permute>};

}  // namespace assay::engine::layers
