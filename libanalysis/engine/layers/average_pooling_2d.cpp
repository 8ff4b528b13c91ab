// AveragePooling2D: the mean over a window, NHWC; padding cells are not counted.

#include "libanalysis/engine/layers/linear_layer.hpp"
#include "libanalysis/engine/layers/pooling.hpp"

namespace assay::engine::layers {
namespace {

class AveragePooling2D final : public LinearLayer {
public:
    explicit AveragePooling2D(const LayerSpec& spec) : geometry_(pool_geometry(spec)) {
        output_shape_ = {geometry_.out_h, geometry_.out_w, geometry_.channels};
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

const LayerKind average_pooling_2d_kind{"average_pooling_2d", make<AveragePooling2D>};

}  // namespace assay::engine::layers
