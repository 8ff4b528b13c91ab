// Multiply: y = x_1 ... x_n, elementwise; inputs are spread over the shape that they have together.

#include "libanalysis/engine/layers/broadcast.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

class Multiply final : public Layer {
public:
    explicit Multiply(const LayerSpec& spec) {
        output_shape_ = broadcast_shape(spec);
        for (const Shape& shape : spec.inputs) spread_.emplace_back(shape, output_shape_);
        passes_mask_ = carries_mask(spec.inputs[0], output_shape_);
    }
    bool passes_mask() const override { return passes_mask_; }

    void forward(Backend& lane, const Frame& frame) const override {
        const Whole x = whole(lane, frame, frame.inputs);
        lane.copy(x.views[0], frame.output);
        for (std::size_t i = 1; i < x.views.size(); ++i) lane.multiply(x.views[i], frame.output, frame.output, false);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        const Whole x = whole(lane, frame, frame.inputs);
        for (std::size_t i = 0; i < gx.size(); ++i)
            if (!gx[i].empty()) add_reduced(lane, frame, i, gx[i], [&](View to) { add_product(lane, x, gy, i, i, to); });
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        lane.fill(tangent.output, 0);
        const Whole x = whole(lane, frame, frame.inputs), tx = whole(lane, frame, tangent.inputs);
        for (std::size_t i = 0; i < tx.views.size(); ++i)
            if (!tx.views[i].empty()) add_product(lane, x, tx.views[i], i, i, tangent.output);
    }
    // tgx_i = tgy prod_{j != i} x_j + gy sum_{k != i} tx_k prod_{j != i, k} x_j
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const override {
        if (!tgy.empty()) backward_input(lane, frame, tgy, tgx);
        const Whole x = whole(lane, frame, frame.inputs), tx = whole(lane, frame, tangent.inputs);
        Buffer moved = lane.allocate(gy.type, gy.size);
        for (std::size_t k = 0; k < tx.views.size(); ++k) {
            if (tx.views[k].empty()) continue;
            lane.multiply(gy, tx.views[k], moved.view(), false);
            for (std::size_t i = 0; i < tgx.size(); ++i)
                if (i != k && !tgx[i].empty()) add_reduced(lane, frame, i, tgx[i], [&](View to) { add_product(lane, x, moved.view(), i, k, to); });
        }
    }

private:
    /// Arrays in the output's shape; those that had it already are not copied.
    struct Whole {
        std::vector<ConstView> views;
        std::vector<Buffer> owned;
    };
    Whole whole(Backend& lane, const Frame& frame, std::span<const ConstView> arrays) const {
        Whole result;
        for (std::size_t i = 0; i < arrays.size(); ++i) {
            result.views.push_back(arrays[i]);
            if (arrays[i].empty() || spread_[i].same()) continue;
            result.owned.push_back(lane.allocate(frame.output.type, frame.output.size));
            spread_[i].expand(lane, frame.batch, arrays[i], result.owned.back().view(), false);
            result.views[i] = result.owned.back().const_view();
        }
        return result;
    }
    /// out += what `add` adds to an array of the output's shape, summed over the axes along which input i is repeated
    template <class Add>
    void add_reduced(Backend& lane, const Frame& frame, std::size_t i, View out, Add&& add) const {
        if (spread_[i].same()) return add(out);
        Buffer all = lane.zeros(frame.output.type, frame.output.size);
        add(all.view());
        spread_[i].reduce(lane, frame.batch, all.view(), out, true);
    }
    /// out += g times every input but those at i and k
    static void add_product(Backend& lane, const Whole& x, ConstView g, std::size_t i, std::size_t k, View out) {
        std::vector<ConstView> factors;
        for (std::size_t j = 0; j < x.views.size(); ++j)
            if (j != i && j != k) factors.push_back(x.views[j]);
        if (factors.empty()) return lane.axpy(1, g, out);
        if (factors.size() == 1) return lane.multiply(g, factors[0], out, true);
        Buffer product = lane.allocate(g.type, g.size);
        lane.multiply(g, factors[0], product.view(), false);
        for (std::size_t j = 1; j + 1 < factors.size(); ++j) lane.multiply(product.view(), factors[j], product.view(), false);
        lane.multiply(product.view(), factors.back(), out, true);
    }
    std::vector<Broadcast> spread_;
    bool passes_mask_ = true;
};

}  // namespace

const LayerKind multiply_kind{"multiply", make<Multiply>};

}  // namespace assay::engine::layers
