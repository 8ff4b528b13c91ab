// With <a> the mean over a row, m = (x - b <x>) r and r = 1 / sqrt(<(x - b <x>)^2> + epsilon), where b is 1 or 0, and n = (x - a <x>) r,
// where a is 1 or 0: the derivative of n is P h = r (h - a <h> - n <m h>), and r moves by tr = -r^2 <m tx>. With `sums`, r has the sum
// in place of the mean of the squares, and so have <m h> and <m tx>.

#include "libanalysis/engine/layers/row_normalization.hpp"

#include "libanalysis/engine/layers/kinds.hpp"

#include <array>
#include <cmath>

namespace assay::engine::layers {
namespace {

class RowNormalization final : public Layer {
public:
    RowNormalization(const LayerSpec& spec, const RowStatistics& statistics, const RowLayout& layout) : statistics_(statistics), groups_(layout.groups) {
        if (!(statistics.epsilon >= 0)) spec.fail("an `epsilon` of at least 0", std::to_string(statistics.epsilon));
        output_shape_ = spec.inputs[0];
        size_ = element_count(spec.inputs[0]);
        width_ = element_count(layout.parameters);
        cols_ = groups_ > 0 ? size_ / groups_ : width_;
        share_ = statistics.sums ? 1 : 1 / static_cast<double>(cols_);
        std::size_t next = 0;
        if (spec.boolean("scale", true)) spec.require_parameter(gamma_ = next++, layout.parameters, "gamma");
        if (spec.boolean("center", true)) spec.require_parameter(beta_ = next, layout.parameters, "beta");
    }
    bool passes_mask() const override { return true; }
    std::size_t saved_bytes() const override { return sizeof(float) * static_cast<std::size_t>(size_ * (symmetric() ? 1 : 2) + size_ / cols_); }

    // Saves n and r and, where it differs from n, m, by rows.
    void forward(Backend& lane, const Frame& frame) const override {
        const DType type = frame.output.type;
        const auto count = static_cast<std::size_t>(rows(frame));
        std::vector<Buffer>& saved = *frame.saved;
        saved.push_back(lane.allocate(type, frame.output.size));
        saved.push_back(lane.allocate(type, count));
        if (!symmetric()) saved.push_back(lane.allocate(type, frame.output.size));
        const View n = saved[0].view(), r = saved[1].view(), about = symmetric() ? n : saved[2].view();
        Buffer column = lane.allocate(type, count);
        const View sums = column.view();
        arrange(lane, frame.batch, frame.inputs[0], n);
        if (!symmetric()) lane.copy(n, about);
        if (statistics_.about_the_mean) subtract_mean(lane, frame, about, sums);
        lane.row_dots(about, about, rows(frame), cols_, sums, false);
        lane.scale(share_, sums);
        lane.fill(r, statistics_.epsilon);
        lane.axpy(1, sums, r);
        lane.map(Pointwise::sqrt, {}, r, sums);
        lane.map(Pointwise::reciprocal, {}, sums, r);
        lane.multiply_column(r, n, n, rows(frame), cols_, false);
        if (!symmetric()) lane.multiply_column(r, about, about, rows(frame), cols_, false);
        restore(lane, frame.batch, n, frame.output, false);
        if (gamma_ != none) lane.multiply_row(frame.parameters[gamma_], frame.output, frame.output, cells(frame), width_, false);
        if (beta_ != none) lane.add_row(frame.parameters[beta_], frame.output, cells(frame), width_);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (gx[0].empty()) return;
        Buffer h = scaled(lane, frame, gamma_ == none ? ConstView{} : frame.parameters[gamma_], gy);
        transpose(lane, frame, h.view());
        restore(lane, frame.batch, h.view(), gx[0], true);
    }
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        if (wanted(gw, gamma_)) add_gamma_gradient(lane, frame, gy, normal(frame), gw[gamma_]);
        if (wanted(gw, beta_)) lane.column_sums(gy, cells(frame), width_, gw[beta_], true);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        const ConstView tx = tangent.inputs[0];
        if (!tx.empty()) {
            const Buffer tn = normal_tangent(lane, frame, tx);
            restore(lane, frame.batch, tn.view(), tangent.output, false);
            if (gamma_ != none) lane.multiply_row(frame.parameters[gamma_], tangent.output, tangent.output, cells(frame), width_, false);
        }
        weight_tangent(lane, frame, tangent.parameters, tangent.output, !tx.empty());
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        const ConstView tgamma = at_or_empty(tw, gamma_), tbeta = at_or_empty(tw, beta_);
        Buffer owner;
        if (!tgamma.empty()) lane.multiply_row(tgamma, in_order(lane, frame, normal(frame), owner), ty, cells(frame), width_, accumulate);
        else if (!accumulate) lane.fill(ty, 0);
        if (!tbeta.empty()) lane.add_row(tbeta, ty, cells(frame), width_);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override {
        if (!tgy.empty()) {
            backward_input(lane, frame, tgy, tgx);
            backward_weights(lane, frame, tgy, tgw);
        }
        const ConstView tx = tangent.inputs[0], tgamma = at_or_empty<ConstView>(tangent.parameters, gamma_);
        if (!tgx[0].empty() && !tgamma.empty()) {   // P^T (tgamma gy)
            Buffer h = scaled(lane, frame, tgamma, gy);
            transpose(lane, frame, h.view());
            restore(lane, frame.batch, h.view(), tgx[0], true);
        }
        if (tx.empty()) return;
        const Buffer tn = normal_tangent(lane, frame, tx);
        if (wanted(tgw, gamma_)) add_gamma_gradient(lane, frame, gy, tn.view(), tgw[gamma_]);
        if (tgx[0].empty()) return;
        // (dP^T) h = (tr / r) P^T h - r (tm <n h> + m <tn h>), h = gamma gy; tr / r = -r <m tx>
        Buffer h = scaled(lane, frame, gamma_ == none ? ConstView{} : frame.parameters[gamma_], gy), moved = lane.allocate(gy.type, gy.size);
        Buffer column = lane.allocate(gy.type, static_cast<std::size_t>(rows(frame))), sum = lane.zeros(gy.type, gy.size);
        arrange(lane, frame.batch, tx, moved.view());
        Buffer tm;
        if (!symmetric()) tm = about_tangent(lane, frame, moved.view());
        subtract(lane, frame, normal(frame), h.view(), symmetric() ? tn.view() : tm.const_view(), column.view(), sum.view());
        subtract(lane, frame, tn.view(), h.view(), about(frame), column.view(), sum.view());
        transpose(lane, frame, h.view());
        subtract(lane, frame, about(frame), moved.view(), h.view(), column.view(), sum.view());
        restore(lane, frame.batch, sum.view(), tgx[0], true);
    }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    static bool wanted(std::span<const View> views, std::size_t index) { return index < views.size() && !views[index].empty(); }
    static ConstView normal(const Frame& frame) { return frame.saved->at(0).const_view(); }
    static ConstView inverse(const Frame& frame) { return frame.saved->at(1).const_view(); }
    ConstView about(const Frame& frame) const { return frame.saved->at(symmetric() ? 0 : 2).const_view(); }
    bool symmetric() const { return statistics_.subtracts_mean == statistics_.about_the_mean; }
    std::int64_t rows(const Frame& frame) const { return frame.batch * (size_ / cols_); }
    std::int64_t cells(const Frame& frame) const { return frame.batch * (size_ / width_); }   ///< runs that gamma covers

    /// From the order of the input to rows; the same order where a row is a run.
    void arrange(Backend& lane, std::int64_t batch, ConstView from, View to) const {
        if (groups_ == 0) return lane.copy(from, to);
        const std::array<std::int64_t, 4> shape{batch, size_ / width_, groups_, width_ / groups_}, order{0, 2, 1, 3};
        lane.permute(from, shape, order, to, false);
    }
    void restore(Backend& lane, std::int64_t batch, ConstView from, View to, bool add) const {
        if (groups_ > 0) {
            const std::array<std::int64_t, 4> shape{batch, groups_, size_ / width_, width_ / groups_}, order{0, 2, 1, 3};
            lane.permute(from, shape, order, to, add);
        } else if (add) {
            lane.axpy(1, from, to);
        } else {
            lane.copy(from, to);
        }
    }
    ConstView in_order(Backend& lane, const Frame& frame, ConstView arranged, Buffer& owner) const {
        if (groups_ == 0) return arranged;
        owner = lane.allocate(arranged.type, arranged.size);
        restore(lane, frame.batch, arranged, owner.view(), false);
        return owner.const_view();
    }
    void add_gamma_gradient(Backend& lane, const Frame& frame, ConstView gy, ConstView n, View to) const {
        Buffer owner;
        lane.column_dots(gy, in_order(lane, frame, n, owner), cells(frame), width_, to, true);
    }
    /// gamma gy by rows; an empty gamma is 1
    Buffer scaled(Backend& lane, const Frame& frame, ConstView gamma, ConstView gy) const {
        Buffer h = lane.allocate(gy.type, gy.size);
        if (gamma.empty()) {
            arrange(lane, frame.batch, gy, h.view());
        } else if (groups_ == 0) {
            lane.multiply_row(gamma, gy, h.view(), cells(frame), width_, false);
        } else {
            Buffer product = lane.allocate(gy.type, gy.size);
            lane.multiply_row(gamma, gy, product.view(), cells(frame), width_, false);
            arrange(lane, frame.batch, product.view(), h.view());
        }
        return h;
    }
    void subtract_mean(Backend& lane, const Frame& frame, View x, View sums) const {
        lane.row_sums(x, rows(frame), cols_, sums, false);
        lane.scale(-1 / static_cast<double>(cols_), sums);
        Buffer ones = lane.allocate(x.type, static_cast<std::size_t>(cols_));
        lane.fill(ones.view(), 1);
        lane.gemm(false, false, rows(frame), cols_, 1, 1, sums, 1, ones.view(), cols_, 1, x, cols_);
    }
    /// out -= r c <a b>, row by row
    void subtract(Backend& lane, const Frame& frame, ConstView a, ConstView b, ConstView c, View sums, View out) const {
        lane.row_dots(a, b, rows(frame), cols_, sums, false);
        lane.scale(-share_, sums);
        lane.multiply(inverse(frame), sums, sums, false);
        lane.multiply_column(sums, c, out, rows(frame), cols_, true);
    }
    /// h <- r (h - [centred] <h> - left <right h>)
    void project(Backend& lane, const Frame& frame, bool centred, ConstView left, ConstView right, View h) const {
        const auto count = static_cast<std::size_t>(rows(frame));
        Buffer means = lane.allocate(h.type, count), dots = lane.allocate(h.type, count);
        lane.row_dots(right, h, rows(frame), cols_, dots.view(), false);
        lane.scale(-share_, dots.view());
        if (centred) subtract_mean(lane, frame, h, means.view());
        lane.multiply_column(dots.view(), left, h, rows(frame), cols_, true);
        lane.multiply_column(inverse(frame), h, h, rows(frame), cols_, false);
    }
    void transpose(Backend& lane, const Frame& frame, View h) const { project(lane, frame, statistics_.subtracts_mean, about(frame), normal(frame), h); }
    /// tn = P tx by rows
    Buffer normal_tangent(Backend& lane, const Frame& frame, ConstView tx) const {
        Buffer tn = lane.allocate(tx.type, tx.size);
        arrange(lane, frame.batch, tx, tn.view());
        project(lane, frame, statistics_.subtracts_mean, normal(frame), about(frame), tn.view());
        return tn;
    }
    /// tm from tx by rows
    Buffer about_tangent(Backend& lane, const Frame& frame, ConstView tx) const {
        Buffer tm = lane.allocate(tx.type, tx.size);
        lane.copy(tx, tm.view());
        project(lane, frame, statistics_.about_the_mean, about(frame), about(frame), tm.view());
        return tm;
    }
    RowStatistics statistics_;
    std::int64_t groups_, size_ = 1, width_ = 1, cols_ = 1;
    double share_ = 1;   ///< of a product in <m h>
    std::size_t gamma_ = none, beta_ = none;
};

}  // namespace

std::unique_ptr<Layer> make_row_normalization(const LayerSpec& spec, const RowStatistics& statistics, const RowLayout& layout) {
    return std::make_unique<RowNormalization>(spec, statistics, layout);
}

}  // namespace assay::engine::layers
