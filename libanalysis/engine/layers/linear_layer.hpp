#pragma once
// A layer without parameters that is linear (at most affine) in its inputs: its tangent is itself, and its four functions
// are two: the map and its transpose.

#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {

class LinearLayer : public Layer {
public:
    bool piecewise_linear() const final { return true; }
    bool linear() const final { return true; }
    void forward(Backend& lane, const Frame& frame) const override { apply(lane, frame.batch, frame.inputs, frame.output); }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const final {
        if (!all_empty(gx)) transpose(lane, frame, gy, gx);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const final {
        if (all_empty(tangent.inputs)) lane.fill(tangent.output, 0);
        else apply(lane, frame.batch, tangent.inputs, tangent.output);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent&, ConstView, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const final {
        if (all_empty(tgx)) return;
        if (!tgy.empty()) return transpose(lane, frame, tgy, tgx);
        for (std::size_t i = 0; i < tgx.size(); ++i)
            if (!tgx[i].empty() && !frame.adds(i)) lane.fill(tgx[i], 0);
    }

protected:
    /// y = sum_i A_i x_i (overwrites). An empty x_i is zero; not all are empty.
    virtual void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const = 0;
    /// gx_i += A_i^T gy for every wanted gx_i; at least one is. Overwrites where frame says so, in layers that overwrite.
    virtual void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const = 0;
};

/// The input under another shape.
class AliasLayer : public LinearLayer {
public:
    bool aliases_input() const final { return true; }

protected:
    void apply(Backend& lane, std::int64_t, std::span<const ConstView> inputs, View y) const final { lane.copy(inputs[0], y); }
    void transpose(Backend& lane, const Frame&, ConstView gy, std::span<const View> gx) const final { lane.axpy(1, gy, gx[0]); }
};

}  // namespace assay::engine::layers
