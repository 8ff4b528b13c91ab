// PReLU: y = x for x > 0, alpha x otherwise. The parameter alpha has the input's shape, with 1 for the axes along which it is shared.

#include "libanalysis/engine/layers/broadcast.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

class PRelu final : public Layer {
public:
    explicit PRelu(const LayerSpec& spec) : spread_(alpha_shape(spec), spec.inputs[0], false) { output_shape_ = spec.inputs[0]; }
    bool passes_mask() const override { return true; }
    bool piecewise_linear() const override { return true; }
    std::vector<double> kinks() const override { return {0}; }

    void forward(Backend& lane, const Frame& frame) const override {
        Buffer below = negative_part(lane, frame);
        const Buffer alpha = spread(lane, frame, frame.parameters[0]);
        lane.map(Pointwise::relu, {}, frame.inputs[0], frame.output);
        lane.multiply(alpha.view(), below.view(), below.view(), false);
        lane.axpy(-1, below.view(), frame.output);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) derivative(lane, frame, gy, gx[0]);
    }
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        if (gw.empty() || gw[0].empty()) return;
        Buffer product = negative_part(lane, frame);
        lane.scale(-1, product.view());
        lane.multiply(product.view(), gy, product.view(), false);
        spread_.reduce(lane, frame.batch, product.view(), gw[0], true);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        lane.fill(tangent.output, 0);
        if (!tangent.inputs[0].empty()) derivative(lane, frame, tangent.inputs[0], tangent.output);
        weight_tangent(lane, frame, tangent.parameters, tangent.output, true);
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        if (!accumulate) lane.fill(ty, 0);
        const ConstView talpha = at_or_empty(tw, 0);
        if (talpha.empty()) return;
        Buffer below = negative_part(lane, frame);
        lane.scale(-1, below.view());
        lane.multiply(spread(lane, frame, talpha).const_view(), below.view(), ty, true);
    }
    // y is bilinear in alpha and the negative part of x.
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override {
        if (!tgy.empty()) {
            backward_input(lane, frame, tgy, tgx);
            backward_weights(lane, frame, tgy, tgw);
        }
        const ConstView tx = tangent.inputs[0], talpha = at_or_empty<ConstView>(tangent.parameters, 0);
        if (!tgx[0].empty() && !talpha.empty()) lane.multiply(spread(lane, frame, talpha).const_view(), where_below(lane, frame, gy).const_view(), tgx[0], true);
        if (tgw.empty() || tgw[0].empty() || tx.empty()) return;
        Buffer product = where_below(lane, frame, tx);
        lane.multiply(product.view(), gy, product.view(), false);
        spread_.reduce(lane, frame.batch, product.view(), tgw[0], true);
    }

private:
    static Shape alpha_shape(const LayerSpec& spec) {
        spec.require_inputs(1);
        const Shape& input = spec.inputs[0];
        const std::string expected = "an alpha of shape " + to_string(input) + ", with 1 for axes that share it";
        if (spec.parameters.empty()) spec.fail(expected, "none");
        const Shape& alpha = spec.parameters[0];
        bool good = alpha.size() == input.size();
        for (std::size_t i = 0; good && i < input.size(); ++i) good = alpha[i] == input[i] || alpha[i] == 1;
        if (!good) spec.fail(expected, "shape " + to_string(alpha));
        return alpha;
    }
    Buffer spread(Backend& lane, const Frame& frame, ConstView alpha) const {
        Buffer result = lane.allocate(frame.output.type, frame.output.size);
        spread_.expand(lane, frame.batch, alpha, result.view(), false);
        return result;
    }
    /// max(-x, 0)
    static Buffer negative_part(Backend& lane, const Frame& frame) {
        Buffer result = lane.allocate(frame.output.type, frame.output.size);
        lane.copy(frame.inputs[0], result.view());
        lane.scale(-1, result.view());
        lane.map(Pointwise::relu, {}, result.view(), result.view());
        return result;
    }
    /// g where x <= 0, and 0 elsewhere
    static Buffer where_below(Backend& lane, const Frame& frame, ConstView g) {
        Buffer above = lane.allocate(g.type, g.size), result = lane.allocate(g.type, g.size);
        lane.map_first(Pointwise::relu, {}, frame.inputs[0], g, above.view(), false);
        lane.copy(g, result.view());
        lane.axpy(-1, above.view(), result.view());
        return result;
    }
    /// out += J g, which is J^T g
    void derivative(Backend& lane, const Frame& frame, ConstView g, View out) const {
        lane.map_first(Pointwise::relu, {}, frame.inputs[0], g, out, true);
        lane.multiply(spread(lane, frame, frame.parameters[0]).const_view(), where_below(lane, frame, g).const_view(), out, true);
    }
    Broadcast spread_;
};

}  // namespace

const LayerKind prelu_kind{"prelu", make<PRelu>};

}  // namespace assay::engine::layers
