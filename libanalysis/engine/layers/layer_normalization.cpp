// LayerNormalization over the last axis: y = gamma n + beta, n = (x - mean) r, r = 1 / sqrt(variance + epsilon), with mean and
// (biased) variance of each row. Parameters: gamma (if scale), beta (if center).
//
// With <a> the mean over a row, the derivative of n is the symmetric map P h = r (h - <h> - n <n h>), and r moves by
// tr = -r^2 <n tx>.

#include "libanalysis/engine/layers/kinds.hpp"

#include <cmath>

namespace assay::engine::layers {
namespace {

class LayerNormalization final : public Layer {
public:
    explicit LayerNormalization(const LayerSpec& spec) : epsilon_(spec.number("epsilon", 1e-3)) {
        spec.require_inputs(1);
        if (spec.inputs[0].empty()) spec.fail("an input with at least one axis", "a scalar");
        if (epsilon_ < 0) spec.fail("an `epsilon` of at least 0", std::to_string(epsilon_));
        output_shape_ = spec.inputs[0];
        cols_ = spec.inputs[0].back();
        times_ = element_count(spec.inputs[0]) / cols_;
        std::size_t next = 0;
        if (spec.boolean("scale", true)) spec.require_parameter(gamma_ = next++, {cols_}, "gamma");
        if (spec.boolean("center", true)) spec.require_parameter(beta_ = next, {cols_}, "beta");
    }
    bool passes_mask() const override { return true; }
    std::size_t saved_bytes() const override { return sizeof(float) * static_cast<std::size_t>(times_ * (cols_ + 1)); }

    // Saves n [rows, cols] and r [rows].
    void forward(Backend& lane, const Frame& frame) const override {
        const DType type = frame.output.type;
        frame.saved->push_back(lane.allocate(type, frame.output.size));
        frame.saved->push_back(lane.allocate(type, static_cast<std::size_t>(rows(frame))));
        const View n = frame.saved->at(0).view(), r = frame.saved->at(1).view();
        Buffer column = lane.allocate(type, r.size);
        const View sums = column.view();
        lane.copy(frame.inputs[0], n);
        lane.row_sums(n, rows(frame), cols_, sums, false);
        lane.scale(-1 / static_cast<double>(cols_), sums);
        add_column(lane, frame, sums, n);
        lane.row_dots(n, n, rows(frame), cols_, sums, false);
        lane.scale(1 / static_cast<double>(cols_), sums);
        lane.fill(r, epsilon_);
        lane.axpy(1, sums, r);
        lane.map(Pointwise::sqrt, 0, r, sums);
        lane.map(Pointwise::reciprocal, 0, sums, r);
        lane.multiply_column(r, n, n, rows(frame), cols_, false);
        if (gamma_ != none) lane.multiply_row(frame.parameters[gamma_], n, frame.output, rows(frame), cols_, false);
        else lane.copy(n, frame.output);
        if (beta_ != none) lane.add_row(frame.parameters[beta_], frame.output, rows(frame), cols_);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (gx[0].empty()) return;
        Buffer h = lane.allocate(gy.type, gy.size);
        scaled(lane, frame, gy, h.view());
        derivative(lane, frame, h.view());
        lane.axpy(1, h.view(), gx[0]);
    }
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        if (wanted(gw, gamma_)) lane.column_dots(gy, normal(frame), rows(frame), cols_, gw[gamma_], true);
        if (wanted(gw, beta_)) lane.column_sums(gy, rows(frame), cols_, gw[beta_], true);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        const ConstView tx = tangent.inputs[0];
        if (!tx.empty()) {
            lane.copy(tx, tangent.output);
            derivative(lane, frame, tangent.output);
            if (gamma_ != none) lane.multiply_row(frame.parameters[gamma_], tangent.output, tangent.output, rows(frame), cols_, false);
        }
        weight_tangent(lane, frame, tangent.parameters, tangent.output, !tx.empty());
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        const ConstView tgamma = at_or_empty(tw, gamma_), tbeta = at_or_empty(tw, beta_);
        if (!tgamma.empty()) lane.multiply_row(tgamma, normal(frame), ty, rows(frame), cols_, accumulate);
        else if (!accumulate) lane.fill(ty, 0);
        if (!tbeta.empty()) lane.add_row(tbeta, ty, rows(frame), cols_);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override {
        if (!tgy.empty()) {
            backward_input(lane, frame, tgy, tgx);
            backward_weights(lane, frame, tgy, tgw);
        }
        const ConstView tx = tangent.inputs[0], tgamma = at_or_empty<ConstView>(tangent.parameters, gamma_);
        if (!tgx[0].empty() && !tgamma.empty()) {   // P (tgamma gy)
            Buffer h = lane.allocate(gy.type, gy.size);
            lane.multiply_row(tgamma, gy, h.view(), rows(frame), cols_, false);
            derivative(lane, frame, h.view());
            lane.axpy(1, h.view(), tgx[0]);
        }
        if (tx.empty()) return;
        Buffer tn = lane.allocate(gy.type, gy.size);
        lane.copy(tx, tn.view());
        derivative(lane, frame, tn.view());
        if (wanted(tgw, gamma_)) lane.column_dots(gy, tn.view(), rows(frame), cols_, tgw[gamma_], true);
        if (tgx[0].empty()) return;
        // (dP) h = (tr / r) P h - r (tn <n h> + n <tn h>), h = gamma gy
        Buffer h = lane.allocate(gy.type, gy.size), product = lane.allocate(gy.type, gy.size);
        Buffer column = lane.allocate(gy.type, static_cast<std::size_t>(rows(frame)));
        const View sums = column.view();
        scaled(lane, frame, gy, h.view());
        subtract(lane, frame, normal(frame), h.view(), tn.view(), sums, tgx[0]);
        subtract(lane, frame, tn.view(), h.view(), normal(frame), sums, tgx[0]);
        derivative(lane, frame, h.view());
        subtract(lane, frame, normal(frame), tx, h.view(), sums, tgx[0]);   // tr / r = -r <n tx>
    }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    static bool wanted(std::span<const View> views, std::size_t index) { return index < views.size() && !views[index].empty(); }
    static ConstView normal(const Frame& frame) { return frame.saved->at(0).const_view(); }
    static ConstView inverse(const Frame& frame) { return frame.saved->at(1).const_view(); }
    std::int64_t rows(const Frame& frame) const { return frame.batch * times_; }

    /// x[r, c] += column[r]
    void add_column(Backend& lane, const Frame& frame, ConstView column, View x) const {
        Buffer ones = lane.allocate(x.type, static_cast<std::size_t>(cols_));
        lane.fill(ones.view(), 1);
        lane.gemm(false, false, rows(frame), cols_, 1, 1, column, 1, ones.view(), cols_, 1, x, cols_);
    }
    /// h = gamma gy
    void scaled(Backend& lane, const Frame& frame, ConstView gy, View h) const {
        if (gamma_ != none) lane.multiply_row(frame.parameters[gamma_], gy, h, rows(frame), cols_, false);
        else lane.copy(gy, h);
    }
    /// out -= r c <a b>, row by row
    void subtract(Backend& lane, const Frame& frame, ConstView a, ConstView b, ConstView c, View sums, View out) const {
        lane.row_dots(a, b, rows(frame), cols_, sums, false);
        lane.scale(-1 / static_cast<double>(cols_), sums);
        lane.multiply(inverse(frame), sums, sums, false);
        lane.multiply_column(sums, c, out, rows(frame), cols_, true);
    }
    /// h <- P h = r (h - <h> - n <n h>)
    void derivative(Backend& lane, const Frame& frame, View h) const {
        const auto count = static_cast<std::size_t>(rows(frame));
        Buffer means = lane.allocate(h.type, count), dots = lane.allocate(h.type, count);
        lane.row_sums(h, rows(frame), cols_, means.view(), false);
        lane.row_dots(normal(frame), h, rows(frame), cols_, dots.view(), false);
        lane.scale(-1 / static_cast<double>(cols_), means.view());
        lane.scale(-1 / static_cast<double>(cols_), dots.view());
        add_column(lane, frame, means.view(), h);
        lane.multiply_column(dots.view(), normal(frame), h, rows(frame), cols_, true);
        lane.multiply_column(inverse(frame), h, h, rows(frame), cols_, false);
    }
    double epsilon_;
    std::int64_t cols_ = 1, times_ = 1;
    std::size_t gamma_ = none, beta_ = none;
};

}  // namespace

const LayerKind layer_normalization_kind{"layer_normalization", make<LayerNormalization>};

}  // namespace assay::engine::layers
