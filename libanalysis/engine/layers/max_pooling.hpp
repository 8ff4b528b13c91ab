#pragma once
// The largest value of a window, channels last; padding cells are never chosen. Forward records where each maximum lay; from there
// on the layer is a gather.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/pooling.hpp"

namespace assay::engine::layers {

class MaxPooling : public Layer {
public:
    bool piecewise_linear() const final { return true; }
    std::size_t saved_bytes() const final { return sizeof(std::int32_t) * static_cast<std::size_t>(element_count(output_shape_)); }

    void forward(Backend& lane, const Frame& frame) const final {
        PoolGeometry geometry = geometry_;
        geometry.batch = frame.batch;
        frame.saved->push_back(lane.allocate(DType::int32, frame.output.size));
        lane.max_pool(geometry, frame.inputs[0], frame.output, frame.saved->back().view());
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const final {
        if (!gx[0].empty()) lane.scatter_add(gy, argmax(frame), gx[0]);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const final {
        if (tangent.inputs[0].empty()) lane.fill(tangent.output, 0);
        else lane.gather(tangent.inputs[0], argmax(frame), tangent.output);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent&, ConstView, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const final {
        if (!tgy.empty() && !tgx[0].empty()) lane.scatter_add(tgy, argmax(frame), tgx[0]);
    }

protected:
    /// Over the windows of the settings.
    MaxPooling(const LayerSpec& spec, std::size_t axes) : geometry_(pool_geometry(pool_windows(spec, axes), image_of(spec, axes).back())) {
        output_shape_ = extents(axes, geometry_.out_h, geometry_.out_w, geometry_.channels);
    }
    MaxPooling(const PoolGeometry& geometry, Shape output) : geometry_(geometry) { output_shape_ = std::move(output); }

private:
    static ConstView argmax(const Frame& frame) { return frame.saved->at(0).const_view(); }
    PoolGeometry geometry_;   // of one row
};

}  // namespace assay::engine::layers
