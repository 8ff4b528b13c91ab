#pragma once
// What every average pooling shares: the geometry, with the batch filled in at each call.

#include "libanalysis/engine/layers/linear_layer.hpp"
#include "libanalysis/engine/layers/pooling.hpp"

namespace assay::engine::layers {

class AveragePooling : public LinearLayer {
protected:
    explicit AveragePooling(const PoolGeometry& geometry) : geometry_(geometry) {}

    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const override {
        lane.average_pool(of(batch), inputs[0], y);
    }
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        lane.average_pool_transpose(of(frame.batch), gy, gx[0]);
    }

    PoolGeometry geometry_;   ///< of one row

private:
    PoolGeometry of(std::int64_t batch) const {
        PoolGeometry geometry = geometry_;
        geometry.batch = batch;
        return geometry;
    }
};

}  // namespace assay::engine::layers
