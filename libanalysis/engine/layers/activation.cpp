// Activation: a pointwise function, or softmax over the last axis.

#include "libanalysis/engine/layers/activation.hpp"

#include "libanalysis/engine/layers/kinds.hpp"

#include <array>
#include <utility>

namespace assay::engine::layers {
namespace {

constexpr std::array<std::pair<std::string_view, Pointwise>, 8> functions{{
    {"linear", Pointwise::linear}, {"relu", Pointwise::relu}, {"tanh", Pointwise::tanh}, {"sigmoid", Pointwise::sigmoid},
    {"elu", Pointwise::elu}, {"gelu", Pointwise::gelu}, {"gelu_tanh", Pointwise::gelu_tanh}, {"softplus", Pointwise::softplus},
}};

class PointwiseActivation final : public Layer {
public:
    PointwiseActivation(const LayerSpec& spec, Pointwise f) : f_(f), alpha_(spec.number("alpha", 1)) { output_shape_ = spec.inputs[0]; }
    bool aliases_input() const override { return f_ == Pointwise::linear; }
    bool passes_mask() const override { return true; }
    bool piecewise_linear() const override { return f_ == Pointwise::linear || f_ == Pointwise::relu; }
    bool overwrites_gradients() const override { return true; }
    Reuse reuse() const override { return Reuse::entry_by_entry; }
    bool kink_at_zero() const override { return f_ == Pointwise::relu; }

    void forward(Backend& lane, const Frame& frame) const override { lane.map(f_, alpha_, frame.inputs[0], frame.output); }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) lane.map_first(f_, alpha_, frame.inputs[0], gy, gx[0], frame.adds(0));
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        if (tangent.inputs[0].empty()) lane.fill(tangent.output, 0);
        else lane.map_first(f_, alpha_, frame.inputs[0], tangent.inputs[0], tangent.output, false);
    }
    // d(f'(x) gy) = f'(x) tgy + f''(x) tx gy
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const override {
        if (tgx[0].empty()) return;
        bool add = frame.adds(0);
        if (!tgy.empty()) lane.map_first(f_, alpha_, frame.inputs[0], tgy, tgx[0], std::exchange(add, true));
        if (!piecewise_linear() && !tangent.inputs[0].empty())
            lane.map_second(f_, alpha_, frame.inputs[0], tangent.inputs[0], gy, tgx[0], std::exchange(add, true));
        if (!add) lane.fill(tgx[0], 0);
    }

private:
    Pointwise f_;
    double alpha_;
};

// Softmax s of each row. Its derivative is symmetric: J g = s * g - s <s, g>.
class Softmax final : public Layer {
public:
    explicit Softmax(const LayerSpec& spec) {
        if (spec.inputs[0].empty()) spec.fail("an input with at least one axis", "a scalar");
        output_shape_ = spec.inputs[0];
        cols_ = spec.inputs[0].back();
        rows_ = element_count(spec.inputs[0]) / cols_;
    }
    bool passes_mask() const override { return true; }

    void forward(Backend& lane, const Frame& frame) const override { lane.softmax(frame.inputs[0], frame.batch * rows_, cols_, frame.output); }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) derivative(lane, frame, gy, gx[0], true);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        if (tangent.inputs[0].empty()) lane.fill(tangent.output, 0);
        else derivative(lane, frame, tangent.inputs[0], tangent.output, false);
    }
    // With ts = J tx: d(J gy) = J tgy + ts * gy - ts <s, gy> - s <ts, gy>
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const override {
        if (tgx[0].empty()) return;
        if (!tgy.empty()) derivative(lane, frame, tgy, tgx[0], true);
        if (tangent.inputs[0].empty()) return;
        const std::int64_t rows = frame.batch * rows_;
        Buffer ts = lane.allocate(gy.type, gy.size), sums = lane.allocate(gy.type, static_cast<std::size_t>(rows));
        derivative(lane, frame, tangent.inputs[0], ts.view(), false);
        lane.multiply(ts.view(), gy, tgx[0], true);
        subtract(lane, rows, frame.output, gy, ts.view(), sums.view(), tgx[0]);
        subtract(lane, rows, ts.view(), gy, frame.output, sums.view(), tgx[0]);
    }

private:
    /// out -= c <a, b>, row by row
    void subtract(Backend& lane, std::int64_t rows, ConstView a, ConstView b, ConstView c, View sums, View out) const {
        lane.row_dots(a, b, rows, cols_, sums, false);
        lane.scale(-1, sums);
        lane.multiply_column(sums, c, out, rows, cols_, true);
    }
    void derivative(Backend& lane, const Frame& frame, ConstView g, View out, bool accumulate) const {
        const std::int64_t rows = frame.batch * rows_;
        Buffer sums = lane.allocate(g.type, static_cast<std::size_t>(rows));
        lane.multiply(frame.output, g, out, accumulate);
        subtract(lane, rows, frame.output, g, frame.output, sums.view(), out);
    }
    std::int64_t rows_ = 1, cols_ = 1;   // of one sample
};

std::unique_ptr<Layer> make_activation(const LayerSpec& spec) {
    spec.require_inputs(1);
    const std::string function = spec.text("function", "");
    if (function == "softmax") return std::make_unique<Softmax>(spec);
    return std::make_unique<PointwiseActivation>(spec, pointwise_function(spec, function));
}

}  // namespace

Pointwise pointwise_function(const LayerSpec& spec, std::string_view function) {
    for (const auto& [name, f] : functions)
        if (name == function) return f;
    spec.fail("a function among linear, relu, tanh, sigmoid, softmax, elu, gelu, gelu_tanh, softplus", std::string(function));
}

const LayerKind activation_kind{"activation", make_activation};

}  // namespace assay::engine::layers
