// Dot: products of the rows that the last axes of two inputs hold. [a.., k] and [b.., k] give [a.., b..], or [1] where both are single rows.

#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

class Dot final : public Layer {
public:
    explicit Dot(const LayerSpec& spec) {
        spec.require_inputs(2);
        const Shape &a = spec.inputs[0], &b = spec.inputs[1];
        if (a.empty() || b.empty()) spec.fail("inputs with at least one axis", "a scalar");
        if (a.back() != b.back()) spec.fail("inputs whose last axes have one length, " + std::to_string(a.back()), std::to_string(b.back()));
        inner_ = a.back();
        rows_ = element_count(a) / inner_;
        cols_ = element_count(b) / inner_;
        output_shape_.assign(a.begin(), a.end() - 1);
        output_shape_.insert(output_shape_.end(), b.begin(), b.end() - 1);
        if (output_shape_.empty()) output_shape_ = {1};
    }
    double madds() const override { return static_cast<double>(rows_) * static_cast<double>(cols_) * static_cast<double>(inner_); }

    void forward(Backend& lane, const Frame& frame) const override { product(lane, frame.batch, frame.inputs[0], frame.inputs[1], frame.output, false); }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        gradients(lane, frame.batch, gy, frame.inputs[0], frame.inputs[1], gx);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        lane.fill(tangent.output, 0);
        if (!tangent.inputs[0].empty()) product(lane, frame.batch, tangent.inputs[0], frame.inputs[1], tangent.output, true);
        if (!tangent.inputs[1].empty()) product(lane, frame.batch, frame.inputs[0], tangent.inputs[1], tangent.output, true);
    }
    // Bilinear: the gradient of each input is linear in gy and in the other input.
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const override {
        if (!tgy.empty()) backward_input(lane, frame, tgy, tgx);
        gradients(lane, frame.batch, gy, tangent.inputs[0], tangent.inputs[1], tgx);
    }

private:
    /// y (+)= a b^T of every sample
    void product(Backend& lane, std::int64_t batch, ConstView a, ConstView b, View y, bool add) const {
        lane.gemm_batched(false, true, rows_, cols_, inner_, 1, a, inner_, rows_ * inner_, b, inner_, cols_ * inner_, add ? 1 : 0, y, cols_, rows_ * cols_, batch);
    }
    /// gx[0] += gy b and gx[1] += gy^T a; an empty a or b is zero
    void gradients(Backend& lane, std::int64_t batch, ConstView gy, ConstView a, ConstView b, std::span<const View> gx) const {
        if (!gx[0].empty() && !b.empty())
            lane.gemm_batched(false, false, rows_, inner_, cols_, 1, gy, cols_, rows_ * cols_, b, inner_, cols_ * inner_, 1, gx[0], inner_, rows_ * inner_, batch);
        if (!gx[1].empty() && !a.empty())
            lane.gemm_batched(true, false, cols_, inner_, rows_, 1, gy, cols_, rows_ * cols_, a, inner_, rows_ * inner_, 1, gx[1], inner_, cols_ * inner_, batch);
    }
    std::int64_t rows_ = 1, cols_ = 1, inner_ = 1;
};

}  // namespace

const LayerKind dot_kind{"dot", make<Dot>};

}  // namespace assay::engine::layers
