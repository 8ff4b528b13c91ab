// MaxPooling2D: the largest value of a window, NHWC; padding cells are never chosen. Forward records where each maximum
// lay; from there on the layer is a gather.

#include "libanalysis/engine/layers/pooling.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

class MaxPooling2D final : public Layer {
public:
    explicit MaxPooling2D(const LayerSpec& spec) : geometry_(pool_geometry(spec)) {
        output_shape_ = {geometry_.out_h, geometry_.out_w, geometry_.channels};
    }
    bool piecewise_linear() const override { return true; }
    std::size_t saved_bytes() const override { return sizeof(std::int32_t) * static_cast<std::size_t>(element_count(output_shape_)); }

    void forward(Backend& lane, const Frame& frame) const override {
        PoolGeometry geometry = geometry_;
        geometry.batch = frame.batch;
        frame.saved->push_back(lane.allocate(DType::int32, frame.output.size));
        lane.max_pool(geometry, frame.inputs[0], frame.output, frame.saved->back().view());
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) lane.scatter_add(gy, argmax(frame), gx[0]);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        if (tangent.inputs[0].empty()) lane.fill(tangent.output, 0);
        else lane.gather(tangent.inputs[0], argmax(frame), tangent.output);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent&, ConstView, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const override {
        if (!tgy.empty() && !tgx[0].empty()) lane.scatter_add(tgy, argmax(frame), tgx[0]);
    }

private:
    static ConstView argmax(const Frame& frame) { return frame.saved->at(0).const_view(); }
    PoolGeometry geometry_;
};

}  // namespace

const LayerKind max_pooling_2d_kind{"max_pooling_2d", make<MaxPooling2D>};

}  // namespace assay::engine::layers
