// GlobalAveragePooling2D: the mean of every channel over the whole image; `keepdims` keeps two axes of extent 1.

#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {
namespace {

class GlobalAveragePooling2D final : public LinearLayer {
public:
    explicit GlobalAveragePooling2D(const LayerSpec& spec) {
        spec.require_inputs(1);
        spec.require_rank(0, 3);
        const Shape& x = spec.inputs[0];
        geometry_ = {.in_h = x[0], .in_w = x[1], .channels = x[2], .pool_h = x[0], .pool_w = x[1], .stride_h = x[0], .stride_w = x[1]};
        output_shape_ = spec.boolean("keepdims", false) ? Shape{1, 1, x[2]} : Shape{x[2]};
    }

protected:
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const override {
        lane.average_pool(of(batch), inputs[0], y);
    }
    void transpose(Backend& lane, std::int64_t batch, ConstView gy, std::span<const View> gx) const override {
        lane.average_pool_transpose(of(batch), gy, gx[0]);
    }

private:
    PoolGeometry of(std::int64_t batch) const {
        PoolGeometry geometry = geometry_;
        geometry.batch = batch;
        return geometry;
    }
    PoolGeometry geometry_;
};

}  // namespace

const LayerKind global_average_pooling_2d_kind{"global_average_pooling_2d", make<GlobalAveragePooling2D>};

}  // namespace assay::engine::layers
