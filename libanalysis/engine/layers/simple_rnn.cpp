// SimpleRNN: z_t = x_t W + s_{t-1} U + b, h_t = f(z_t), s_t = h_t where step t is not masked and s_{t-1} where it is; s_{-1} = 0.
// Input [time, in]; kernel [in, units], recurrent_kernel [units, units], bias [units]. The output is the last state, or with
// `return_sequences` all of them in the order of processing; `go_backwards` processes the last step first.
//
// Inside, arrays are [time, batch, ..] in the order of processing, so that a step is a slice.

#include "libanalysis/engine/layers/activation.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

#include <array>

namespace assay::engine::layers {
namespace {

class SimpleRNN final : public Layer {
public:
    explicit SimpleRNN(const LayerSpec& spec)
        : units_(spec.integer("units")), f_(pointwise_function(spec, spec.text("activation", "tanh"))), alpha_(spec.number("alpha", 1)),
          sequences_(spec.boolean("return_sequences", false)), backwards_(spec.boolean("go_backwards", false)), bias_(spec.boolean("use_bias", true)) {
        spec.require_inputs(1);
        spec.require_rank(0, 2);
        if (units_ < 1) spec.fail("positive `units`", std::to_string(units_));
        time_ = spec.inputs[0][0];
        in_ = spec.inputs[0][1];
        spec.require_parameter(0, {in_, units_}, "kernel");
        spec.require_parameter(1, {units_, units_}, "recurrent_kernel");
        if (bias_) spec.require_parameter(2, {units_}, "bias");
        output_shape_ = sequences_ ? Shape{time_, units_} : Shape{units_};
    }
    bool passes_mask() const override { return sequences_; }
    double madds() const override { return static_cast<double>(time_) * static_cast<double>(units_) * static_cast<double>(in_ + units_); }
    std::size_t saved_bytes() const override { return sizeof(float) * static_cast<std::size_t>(time_ * (in_ + 2 * units_)); }

    // Saves x, z, s and, under a mask, the mask and its complement, all by time.
    void forward(Backend& lane, const Frame& frame) const override {
        const DType type = frame.output.type;
        const auto rows = static_cast<std::size_t>(time_ * frame.batch), states = rows * static_cast<std::size_t>(units_);
        std::vector<Buffer>& saved = *frame.saved;
        saved.push_back(lane.allocate(type, rows * static_cast<std::size_t>(in_)));
        saved.push_back(lane.allocate(type, states));
        saved.push_back(lane.allocate(type, states));
        const View x = saved[0].view(), z = saved[1].view(), s = saved[2].view();
        by_time(lane, frame.batch, frame.inputs[0], in_, x, false);
        if (masked(frame)) {
            saved.push_back(lane.allocate(type, rows));
            saved.push_back(lane.allocate(type, rows));
            const View mask = saved[3].view(), rest = saved[4].view();
            by_time(lane, frame.batch, frame.masks[0], 1, mask, false);
            lane.fill(rest, 1);
            lane.axpy(-1, mask, rest);
        }
        product(lane, frame, rows, x, frame.parameters[0], in_, z, false);
        if (bias_) lane.add_row(frame.parameters[2], z, static_cast<std::int64_t>(rows), units_);
        Buffer h = masked(frame) ? lane.allocate(type, step_size(frame)) : Buffer{};
        for (std::int64_t t = 0; t < time_; ++t) {
            if (t > 0) product(lane, frame, batch(frame), at(frame, s, t - 1), frame.parameters[1], units_, at(frame, z, t), true);
            advance(lane, frame, t, s, h, [&](View to) { lane.map(f_, alpha_, at<ConstView>(frame, z, t), to); });
        }
        emit(lane, frame, s, frame.output, false);
    }

    void backward(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx, std::span<const View> gw) const override {
        const Deltas d = deltas(lane, frame, gy);
        weights_from(lane, frame, input(frame), state(frame), d.z.const_view(), gw, true);
        input_from(lane, frame, d.z.const_view(), ConstView{}, ConstView{}, gx);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        input_from(lane, frame, deltas(lane, frame, gy).z.const_view(), ConstView{}, ConstView{}, gx);
    }
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        const Deltas d = deltas(lane, frame, gy);
        weights_from(lane, frame, input(frame), state(frame), d.z.const_view(), gw, true);
    }

    // Saves tx (empty where there is none), tz and ts, by time.
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        std::array<Buffer, 3> moved = move(lane, frame, tangent.inputs[0], tangent.parameters);
        emit(lane, frame, moved[2].const_view(), tangent.output, false);
        if (!tangent.saved) return;
        for (Buffer& buffer : moved) tangent.saved->push_back(std::move(buffer));
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        const std::array<Buffer, 3> moved = move(lane, frame, ConstView{}, tw);
        emit(lane, frame, moved[2].const_view(), ty, accumulate);
    }

    // The reverse recurrence again, with the tangents of its factors f'(z), U and, at the end, W, x and s.
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override {
        const Deltas d = deltas(lane, frame, gy);
        const ConstView tx = tangent.saved->at(0).const_view(), tz = tangent.saved->at(1).const_view(), ts = tangent.saved->at(2).const_view();
        const ConstView tkernel = at_or_empty<ConstView>(tangent.parameters, 0), trecurrent = at_or_empty<ConstView>(tangent.parameters, 1);
        const DType type = gy.type;
        Buffer tg = lane.allocate(type, d.z.size()), tdz = lane.allocate(type, d.z.size()), tgh = lane.allocate(type, step_size(frame));
        spread(lane, frame, tgy, tg.view());
        for (std::int64_t t = time_ - 1; t >= 0; --t) {
            const ConstView tgs = at<ConstView>(frame, tg.view(), t);
            ConstView th = tgs;
            if (masked(frame)) {
                lane.multiply_column(mask(frame, t), tgs, tgh.view(), frame.batch, units_, false);
                th = tgh.view();
            }
            const View to = at(frame, tdz.view(), t);
            lane.map_first(f_, alpha_, at<ConstView>(frame, preactivation(frame), t), th, to, false);
            lane.map_second(f_, alpha_, at<ConstView>(frame, preactivation(frame), t), at<ConstView>(frame, tz, t),
                            at<ConstView>(frame, d.h.const_view(), t), to, true);
            if (t == 0) continue;
            const View before = at(frame, tg.view(), t - 1);
            if (masked(frame)) lane.multiply_column(rest(frame, t), tgs, before, frame.batch, units_, true);
            transposed(lane, batch(frame), to, frame.parameters[1], units_, before, true);
            if (!trecurrent.empty()) transposed(lane, batch(frame), at<ConstView>(frame, d.z.const_view(), t), trecurrent, units_, before, true);
        }
        weights_from(lane, frame, input(frame), state(frame), tdz.const_view(), tgw, true);
        weights_from(lane, frame, tx, ts, d.z.const_view(), tgw, false);
        input_from(lane, frame, tdz.const_view(), d.z.const_view(), tkernel, tgx);
    }

private:
    struct Deltas { Buffer h, z; };   ///< dL/dh and dL/dz of every step, by time

    static bool masked(const Frame& frame) { return !frame.masks.empty() && !frame.masks[0].empty(); }
    static std::size_t batch(const Frame& frame) { return static_cast<std::size_t>(frame.batch); }
    static ConstView input(const Frame& frame) { return frame.saved->at(0).const_view(); }
    static ConstView preactivation(const Frame& frame) { return frame.saved->at(1).const_view(); }
    static ConstView state(const Frame& frame) { return frame.saved->at(2).const_view(); }
    static ConstView mask(const Frame& frame, std::int64_t t) { return frame.saved->at(3).const_view().slice(static_cast<std::size_t>(t) * batch(frame), batch(frame)); }
    static ConstView rest(const Frame& frame, std::int64_t t) { return frame.saved->at(4).const_view().slice(static_cast<std::size_t>(t) * batch(frame), batch(frame)); }
    std::size_t step_size(const Frame& frame) const { return batch(frame) * static_cast<std::size_t>(units_); }
    template <class V>
    V at(const Frame& frame, V all, std::int64_t t) const { return all.slice(static_cast<std::size_t>(t) * step_size(frame), step_size(frame)); }

    /// [batch, time, width] -> [time, batch, width] in the order of processing
    void by_time(Backend& lane, std::int64_t count, ConstView from, std::int64_t width, View to, bool accumulate) const {
        const std::array<std::int64_t, 3> shape{count, time_, width}, order{1, 0, 2};
        if (!backwards_) return lane.permute(from, shape, order, to, accumulate);
        const auto block = static_cast<std::size_t>(count * width);
        for (std::int64_t t = 0; t < time_; ++t) {
            const auto first = static_cast<std::size_t>((time_ - 1 - t) * width);
            lane.copy_block(count, width, from.slice(first, from.size - first), time_ * width, to.slice(static_cast<std::size_t>(t) * block, block),
                            width, accumulate);
        }
    }
    /// the transpose of by_time: to += ...
    void from_time(Backend& lane, std::int64_t count, ConstView from, std::int64_t width, View to) const {
        const std::array<std::int64_t, 3> shape{time_, count, width}, order{1, 0, 2};
        if (!backwards_) return lane.permute(from, shape, order, to, true);
        const auto block = static_cast<std::size_t>(count * width);
        for (std::int64_t t = 0; t < time_; ++t) {
            const auto first = static_cast<std::size_t>((time_ - 1 - t) * width);
            lane.copy_block(count, width, from.slice(static_cast<std::size_t>(t) * block, block), width, to.slice(first, to.size - first),
                            time_ * width, true);
        }
    }
    /// States by time to the output: sequences in the order of processing, or the last one.
    void emit(Backend& lane, const Frame& frame, ConstView states, View to, bool accumulate) const {
        const std::array<std::int64_t, 3> shape{time_, frame.batch, units_}, order{1, 0, 2};
        if (sequences_) return lane.permute(states, shape, order, to, accumulate);
        if (accumulate) lane.axpy(1, at(frame, states, time_ - 1), to);
        else lane.copy(at(frame, states, time_ - 1), to);
    }
    /// The transpose of emit, overwriting; an empty gradient is zero.
    void spread(Backend& lane, const Frame& frame, ConstView gy, View to) const {
        const std::array<std::int64_t, 3> shape{frame.batch, time_, units_}, order{1, 0, 2};
        if (!gy.empty() && sequences_) return lane.permute(gy, shape, order, to, false);
        lane.fill(to, 0);
        if (!gy.empty()) lane.copy(gy, at(frame, to, time_ - 1));
    }
    /// s_t from h_t, which `make` writes where it is told.
    template <class Make>
    void advance(Backend& lane, const Frame& frame, std::int64_t t, View s, Buffer& h, Make make) const {
        const View now = at(frame, s, t);
        if (!masked(frame)) return make(now);
        make(h.view());
        lane.multiply_column(mask(frame, t), h.view(), now, frame.batch, units_, false);
        if (t > 0) lane.multiply_column(rest(frame, t), at<ConstView>(frame, s, t - 1), now, frame.batch, units_, true);
    }
    void product(Backend& lane, const Frame&, std::size_t rows, ConstView x, ConstView w, std::int64_t width, View y, bool accumulate) const {
        lane.gemm(false, false, static_cast<std::int64_t>(rows), units_, width, 1, x, width, w, units_, accumulate ? 1 : 0, y, units_);
    }
    void transposed(Backend& lane, std::size_t rows, ConstView gy, ConstView w, std::int64_t width, View gx, bool accumulate) const {
        lane.gemm(false, true, static_cast<std::int64_t>(rows), width, units_, 1, gy, units_, w, units_, accumulate ? 1 : 0, gx, width);
    }
    /// tx, tz, ts by time.
    std::array<Buffer, 3> move(Backend& lane, const Frame& frame, ConstView tx, std::span<const ConstView> tw) const {
        const DType type = frame.output.type;
        const auto rows = static_cast<std::size_t>(time_) * batch(frame), states = rows * static_cast<std::size_t>(units_);
        const ConstView tkernel = at_or_empty(tw, 0), trecurrent = at_or_empty(tw, 1), tbias = at_or_empty(tw, 2);
        std::array<Buffer, 3> moved{Buffer{}, lane.zeros(type, states), lane.allocate(type, states)};
        const View tz = moved[1].view(), ts = moved[2].view();
        if (!tx.empty()) {
            moved[0] = lane.allocate(type, rows * static_cast<std::size_t>(in_));
            by_time(lane, frame.batch, tx, in_, moved[0].view(), false);
            product(lane, frame, rows, moved[0].view(), frame.parameters[0], in_, tz, true);
        }
        if (!tkernel.empty()) product(lane, frame, rows, input(frame), tkernel, in_, tz, true);
        if (!tbias.empty() && bias_) lane.add_row(tbias, tz, static_cast<std::int64_t>(rows), units_);
        Buffer th = masked(frame) ? lane.allocate(type, step_size(frame)) : Buffer{};
        for (std::int64_t t = 0; t < time_; ++t) {
            if (t > 0) {
                product(lane, frame, batch(frame), at<ConstView>(frame, ts, t - 1), frame.parameters[1], units_, at(frame, tz, t), true);
                if (!trecurrent.empty())
                    product(lane, frame, batch(frame), at(frame, state(frame), t - 1), trecurrent, units_, at(frame, tz, t), true);
            }
            advance(lane, frame, t, ts, th, [&](View to) {
                lane.map_first(f_, alpha_, at(frame, preactivation(frame), t), at<ConstView>(frame, tz, t), to, false);
            });
        }
        return moved;
    }
    Deltas deltas(Backend& lane, const Frame& frame, ConstView gy) const {
        const DType type = gy.type;
        const std::size_t states = static_cast<std::size_t>(time_) * step_size(frame);
        Deltas d{lane.allocate(type, states), lane.allocate(type, states)};
        Buffer g = lane.allocate(type, states);
        spread(lane, frame, gy, g.view());
        for (std::int64_t t = time_ - 1; t >= 0; --t) {
            const ConstView gs = at<ConstView>(frame, g.view(), t);
            const View gh = at(frame, d.h.view(), t), gz = at(frame, d.z.view(), t);
            if (masked(frame)) lane.multiply_column(mask(frame, t), gs, gh, frame.batch, units_, false);
            else lane.copy(gs, gh);
            lane.map_first(f_, alpha_, at(frame, preactivation(frame), t), gh, gz, false);
            if (t == 0) continue;
            const View before = at(frame, g.view(), t - 1);
            if (masked(frame)) lane.multiply_column(rest(frame, t), gs, before, frame.batch, units_, true);
            transposed(lane, batch(frame), gz, frame.parameters[1], units_, before, true);
        }
        return d;
    }
    /// gw += the gradients that the products x W, s U and (where wanted) the sum with b give for dL/dz; an empty x is zero.
    void weights_from(Backend& lane, const Frame& frame, ConstView x, ConstView s, ConstView gz, std::span<const View> gw, bool bias_too) const {
        const std::int64_t rows = time_ * frame.batch, later = rows - frame.batch;
        if (!gw[0].empty() && !x.empty()) lane.gemm(true, false, in_, units_, rows, 1, x, in_, gz, units_, 1, gw[0], units_);
        if (!gw[1].empty() && later > 0) {
            const std::size_t count = static_cast<std::size_t>(later * units_);
            lane.gemm(true, false, units_, units_, later, 1, s.slice(0, count), units_, gz.slice(step_size(frame), count), units_, 1, gw[1], units_);
        }
        if (bias_ && bias_too && !gw[2].empty()) lane.column_sums(gz, rows, units_, gw[2], true);
    }
    /// gx += gz W^T + other tW^T, back in the input's order; empty `other` or `tkernel`: zero.
    void input_from(Backend& lane, const Frame& frame, ConstView gz, ConstView other, ConstView tkernel, std::span<const View> gx) const {
        if (gx[0].empty()) return;
        const auto rows = static_cast<std::size_t>(time_) * batch(frame);
        Buffer moved = lane.allocate(gz.type, rows * static_cast<std::size_t>(in_));
        transposed(lane, rows, gz, frame.parameters[0], in_, moved.view(), false);
        if (!other.empty() && !tkernel.empty()) transposed(lane, rows, other, tkernel, in_, moved.view(), true);
        from_time(lane, frame.batch, moved.view(), in_, gx[0]);
    }

    std::int64_t units_, time_ = 1, in_ = 1;
    Pointwise f_;
    double alpha_;
    bool sequences_, backwards_, bias_;
};

}  // namespace

const LayerKind simple_rnn_kind{"simple_rnn", make<SimpleRNN>};

}  // namespace assay::engine::layers
