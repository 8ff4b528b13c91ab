// Multiply: y = x_1 ... x_n, elementwise, inputs of one shape.

#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

class Multiply final : public Layer {
public:
    explicit Multiply(const LayerSpec& spec) {
        for (const Shape& shape : spec.inputs)
            if (shape != spec.inputs[0]) spec.fail("inputs of one shape, " + to_string(spec.inputs[0]), "shape " + to_string(shape));
        output_shape_ = spec.inputs[0];
    }
    bool passes_mask() const override { return true; }

    void forward(Backend& lane, const Frame& frame) const override {
        lane.copy(frame.inputs[0], frame.output);
        for (std::size_t i = 1; i < frame.inputs.size(); ++i) lane.multiply(frame.inputs[i], frame.output, frame.output, false);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        for (std::size_t i = 0; i < gx.size(); ++i)
            if (!gx[i].empty()) add_product(lane, frame, gy, i, i, gx[i]);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        lane.fill(tangent.output, 0);
        for (std::size_t i = 0; i < tangent.inputs.size(); ++i)
            if (!tangent.inputs[i].empty()) add_product(lane, frame, tangent.inputs[i], i, i, tangent.output);
    }
    // tgx_i = tgy prod_{j != i} x_j + gy sum_{k != i} tx_k prod_{j != i, k} x_j
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const override {
        if (!tgy.empty()) backward_input(lane, frame, tgy, tgx);
        Buffer moved = lane.allocate(gy.type, gy.size);
        for (std::size_t k = 0; k < tangent.inputs.size(); ++k) {
            if (tangent.inputs[k].empty()) continue;
            lane.multiply(gy, tangent.inputs[k], moved.view(), false);
            for (std::size_t i = 0; i < tgx.size(); ++i)
                if (i != k && !tgx[i].empty()) add_product(lane, frame, moved.view(), i, k, tgx[i]);
        }
    }

private:
    /// out += g times every input but those at i and k
    static void add_product(Backend& lane, const Frame& frame, ConstView g, std::size_t i, std::size_t k, View out) {
        std::vector<ConstView> factors;
        for (std::size_t j = 0; j < frame.inputs.size(); ++j)
            if (j != i && j != k) factors.push_back(frame.inputs[j]);
        if (factors.empty()) return lane.axpy(1, g, out);
        if (factors.size() == 1) return lane.multiply(g, factors[0], out, true);
        Buffer product = lane.allocate(g.type, g.size);
        lane.multiply(g, factors[0], product.view(), false);
        for (std::size_t j = 1; j + 1 < factors.size(); ++j) lane.multiply(product.view(), factors[j], product.view(), false);
        lane.multiply(product.view(), factors.back(), out, true);
    }
};

}  // namespace

const LayerKind multiply_kind{"multiply", make<Multiply>};

}  // namespace assay::engine::layers
