// Activation: a pointwise function, or softmax or its logarithm over the last axis.

#include "libanalysis/engine/layers/activation.hpp"

#include "libanalysis/engine/layers/kinds.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace assay::engine::layers {
namespace {

/// A function with its parameters from `spec`, whose attributes are those of the function.
struct NamedFunction {
    std::string_view name;
    Pointwise f;
    bool piecewise_linear;
    PointwiseParameters (*parameters)(const LayerSpec& spec);
};

PointwiseParameters none(const LayerSpec&) { return {}; }

double positive(const LayerSpec& spec, std::string_view key, double otherwise) {
    const double value = spec.number(key, otherwise);
    if (!(value > 0)) spec.fail("a positive `" + std::string(key) + "`", std::to_string(value));
    return value;
}

double not_negative(const LayerSpec& spec, std::string_view key, double otherwise) {
    const double value = spec.number(key, otherwise);
    if (!(value >= 0)) spec.fail("a `" + std::string(key) + "` of at least 0", std::to_string(value));
    return value;
}

PointwiseParameters hard_sigmoid(const LayerSpec& spec, double otherwise) {
    const double slope = positive(spec, "slope", otherwise);
    return {slope, 0.5 / slope};
}

// Defaults are those of Keras 3; HardSigmoid has two definitions in use and so no default.
constexpr std::array functions{
    NamedFunction{"linear", Pointwise::linear, true, none},
    NamedFunction{"relu", Pointwise::relu, true, none},
    NamedFunction{"leaky_relu", Pointwise::general_relu, true,
                  [](const LayerSpec& spec) { return PointwiseParameters{spec.number("negative_slope", 0.2), 0, std::numeric_limits<double>::infinity()}; }},
    NamedFunction{"general_relu", Pointwise::general_relu, true,
                  [](const LayerSpec& spec) {
                      return PointwiseParameters{spec.number("negative_slope", 0), spec.number("threshold", 0),
                                                 spec.number("max_value", std::numeric_limits<double>::infinity())};
                  }},
    NamedFunction{"tanh", Pointwise::tanh, false, none},
    NamedFunction{"sigmoid", Pointwise::sigmoid, false, none},
    NamedFunction{"elu", Pointwise::elu, false, [](const LayerSpec& spec) { return PointwiseParameters{spec.number("alpha", 1)}; }},
    NamedFunction{"selu", Pointwise::scaled_elu, false,
                  [](const LayerSpec&) { return PointwiseParameters{1.67326324235437728, 1.05070098735548049, 1}; }},
    NamedFunction{"celu", Pointwise::scaled_elu, false,
                  [](const LayerSpec& spec) {
                      const double alpha = positive(spec, "alpha", 1);
                      return PointwiseParameters{alpha, 1, 1 / alpha};
                  }},
    NamedFunction{"gelu", Pointwise::gelu, false, none},
    NamedFunction{"gelu_tanh", Pointwise::gelu_tanh, false, none},
    NamedFunction{"softplus", Pointwise::softplus, false, none},
    NamedFunction{"log_sigmoid", Pointwise::log_sigmoid, false, none},
    NamedFunction{"softsign", Pointwise::softsign, false, none},
    NamedFunction{"squareplus", Pointwise::squareplus, false, [](const LayerSpec& spec) { return PointwiseParameters{std::sqrt(positive(spec, "b", 4))}; }},
    NamedFunction{"sparse_plus", Pointwise::sparse_plus, false, none},
    NamedFunction{"square", Pointwise::square, false, none},
    NamedFunction{"exponential", Pointwise::exponential, false, none},
    NamedFunction{"silu", Pointwise::silu, false, none},
    NamedFunction{"mish", Pointwise::mish, false, none},
    NamedFunction{"hard_sigmoid", Pointwise::hard_sigmoid, true, [](const LayerSpec& spec) { return hard_sigmoid(spec, std::numeric_limits<double>::quiet_NaN()); }},
    NamedFunction{"hard_silu", Pointwise::hard_silu, false, [](const LayerSpec& spec) { return hard_sigmoid(spec, 1.0 / 6); }},
    NamedFunction{"hard_tanh", Pointwise::hard_tanh, true, none},
    NamedFunction{"tanh_shrink", Pointwise::tanh_shrink, false, none},
    NamedFunction{"soft_shrink", Pointwise::soft_shrink, true, [](const LayerSpec& spec) { return PointwiseParameters{not_negative(spec, "threshold", 0.5)}; }},
    NamedFunction{"hard_shrink", Pointwise::hard_shrink, true, [](const LayerSpec& spec) { return PointwiseParameters{not_negative(spec, "threshold", 0.5)}; }},
    NamedFunction{"threshold", Pointwise::threshold, true,
                  [](const LayerSpec& spec) { return PointwiseParameters{spec.number("threshold", 0), spec.number("value", 0)}; }},
};

class PointwiseActivation final : public Layer {
public:
    PointwiseActivation(const LayerSpec& spec, const PointwiseFunction& function) : f_(function.f), p_(function.parameters), piecewise_linear_(function.piecewise_linear) {
        output_shape_ = spec.inputs[0];
    }
    bool aliases_input() const override { return f_ == Pointwise::linear; }
    bool passes_mask() const override { return true; }
    bool piecewise_linear() const override { return piecewise_linear_; }
    bool overwrites_gradients() const override { return true; }
    Reuse reuse() const override { return Reuse::entry_by_entry; }
    std::vector<double> kinks() const override {
        switch (f_) {
            case Pointwise::relu: return {0};
            case Pointwise::general_relu: return p_.gamma > p_.beta && std::isfinite(p_.gamma) ? std::vector<double>{p_.beta, p_.gamma} : std::vector<double>{p_.beta};
            case Pointwise::elu: return p_.alpha == 1 ? std::vector<double>{} : std::vector<double>{0};
            case Pointwise::scaled_elu: return p_.alpha * p_.gamma == 1 ? std::vector<double>{} : std::vector<double>{0};
            case Pointwise::hard_sigmoid:
            case Pointwise::hard_silu: return {-p_.beta, p_.beta};
            case Pointwise::hard_tanh: return {-1, 1};
            case Pointwise::soft_shrink:
            case Pointwise::hard_shrink: return {-p_.alpha, p_.alpha};
            case Pointwise::threshold: return {p_.alpha};
            default: return {};
        }
    }

    void forward(Backend& lane, const Frame& frame) const override { lane.map(f_, p_, frame.inputs[0], frame.output); }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) lane.map_first(f_, p_, frame.inputs[0], gy, gx[0], frame.adds(0));
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        if (tangent.inputs[0].empty()) lane.fill(tangent.output, 0);
        else lane.map_first(f_, p_, frame.inputs[0], tangent.inputs[0], tangent.output, false);
    }
    // d(f'(x) gy) = f'(x) tgy + f''(x) tx gy
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const override {
        if (tgx[0].empty()) return;
        bool add = frame.adds(0);
        if (!tgy.empty()) lane.map_first(f_, p_, frame.inputs[0], tgy, tgx[0], std::exchange(add, true));
        if (!piecewise_linear() && !tangent.inputs[0].empty())
            lane.map_second(f_, p_, frame.inputs[0], tangent.inputs[0], gy, tgx[0], std::exchange(add, true));
        if (!add) lane.fill(tgx[0], 0);
    }

private:
    Pointwise f_;
    PointwiseParameters p_;
    bool piecewise_linear_;
};

/// A function of the rows that the last axis holds.
class RowFunction : public Layer {
public:
    explicit RowFunction(const LayerSpec& spec) {
        if (spec.inputs[0].empty()) spec.fail("an input with at least one axis", "a scalar");
        output_shape_ = spec.inputs[0];
        cols_ = spec.inputs[0].back();
        rows_ = element_count(spec.inputs[0]) / cols_;
    }
    bool passes_mask() const final { return true; }

protected:
    std::int64_t rows_ = 1, cols_ = 1;   // of one sample
};

// Softmax s of each row. Its derivative is symmetric: J g = s * g - s <s, g>.
class Softmax final : public RowFunction {
public:
    using RowFunction::RowFunction;

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
};

// LogSoftmax y = x - log sum e^x of each row. With s = e^y: J g = g - 1 <s, g>, and J^T g = g - s <1, g>.
class LogSoftmax final : public RowFunction {
public:
    using RowFunction::RowFunction;
    std::size_t saved_bytes() const override { return sizeof(float) * static_cast<std::size_t>(rows_ * cols_); }

    // Saves s.
    void forward(Backend& lane, const Frame& frame) const override {
        const std::int64_t rows = frame.batch * rows_;
        const DType type = frame.output.type;
        Buffer s = lane.allocate(type, frame.output.size), ones = lane.allocate(type, frame.output.size);
        Buffer largest = lane.allocate(type, static_cast<std::size_t>(rows)), index = lane.allocate(DType::int32, static_cast<std::size_t>(rows));
        PoolGeometry row;   // one window is one row
        row.batch = rows, row.in_w = row.pool_w = row.stride_w = cols_;
        lane.max_pool(row, frame.inputs[0], largest.view(), index.view());
        lane.fill(ones.view(), -1);
        lane.copy(frame.inputs[0], frame.output);
        lane.multiply_column(largest.view(), ones.view(), frame.output, rows, cols_, true);
        lane.map(Pointwise::exponential, {}, frame.output, s.view());
        lane.row_sums(s.view(), rows, cols_, largest.view(), false);
        lane.map(Pointwise::log, {}, largest.view(), largest.view());
        lane.multiply_column(largest.view(), ones.view(), frame.output, rows, cols_, true);
        lane.map(Pointwise::exponential, {}, frame.output, s.view());
        frame.saved->push_back(std::move(s));
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) transpose(lane, frame, gy, gx[0]);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        if (tangent.inputs[0].empty()) lane.fill(tangent.output, 0);
        else derivative(lane, frame, tangent.inputs[0], tangent.output);
    }
    // d(J^T gy) = J^T tgy - s * (J tx) <1, gy>
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View>) const override {
        if (tgx[0].empty()) return;
        if (!tgy.empty()) transpose(lane, frame, tgy, tgx[0]);
        if (tangent.inputs[0].empty()) return;
        Buffer ts = lane.allocate(gy.type, gy.size);
        derivative(lane, frame, tangent.inputs[0], ts.view());
        lane.multiply(probabilities(frame), ts.view(), ts.view(), false);
        subtract_times_sums(lane, frame, gy, ts.view(), tgx[0]);
    }

private:
    static ConstView probabilities(const Frame& frame) { return frame.saved->at(0).const_view(); }
    void transpose(Backend& lane, const Frame& frame, ConstView g, View out) const {
        lane.axpy(1, g, out);
        subtract_times_sums(lane, frame, g, probabilities(frame), out);
    }
    /// out -= x <1, g>, row by row
    void subtract_times_sums(Backend& lane, const Frame& frame, ConstView g, ConstView x, View out) const {
        const std::int64_t rows = frame.batch * rows_;
        Buffer sums = lane.allocate(g.type, static_cast<std::size_t>(rows));
        lane.row_sums(g, rows, cols_, sums.view(), false);
        lane.scale(-1, sums.view());
        lane.multiply_column(sums.view(), x, out, rows, cols_, true);
    }
    /// out = J g
    void derivative(Backend& lane, const Frame& frame, ConstView g, View out) const {
        const std::int64_t rows = frame.batch * rows_;
        Buffer sums = lane.allocate(g.type, static_cast<std::size_t>(rows)), ones = lane.allocate(g.type, g.size);
        lane.row_dots(probabilities(frame), g, rows, cols_, sums.view(), false);
        lane.fill(ones.view(), -1);
        lane.copy(g, out);
        lane.multiply_column(sums.view(), ones.view(), out, rows, cols_, true);
    }
};

std::unique_ptr<Layer> make_activation(const LayerSpec& spec) {
    spec.require_inputs(1);
    const std::string function = spec.text("function", "");
    if (function == "softmax") return std::make_unique<Softmax>(spec);
    if (function == "log_softmax") return std::make_unique<LogSoftmax>(spec);
    return std::make_unique<PointwiseActivation>(spec, pointwise_function(spec, spec.attributes));
}

}  // namespace

PointwiseFunction pointwise_function(const LayerSpec& spec, const Json& description) {
    const LayerSpec own{spec.where, description.is_object() ? description : Json{{"function", description}}, {}, {}};
    const std::string name = own.text("function", "");
    std::string known;
    for (const NamedFunction& function : functions) {
        if (function.name == name) return {function.f, function.parameters(own), function.piecewise_linear};
        known += std::string(function.name) + ", ";
    }
    spec.fail("a function among " + known + "softmax, log_softmax", name);
}

const LayerKind activation_kind{"activation", make_activation};

}  // namespace assay::engine::layers
