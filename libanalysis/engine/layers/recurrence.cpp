// The four functions of a recurrence. Inside, arrays are [time, batch, ..] in the order of processing, so that a step is a slice. What
// the instructions make is one array [instruction, time, batch, units]; its tangents, gradients and their tangents look alike. Under a
// mask m a state is s_t = m_t s'_t + (1 - m_t) s_{t-1}, with s' what the program makes, and kept in an array of its own.

#include "libanalysis/engine/layers/recurrence.hpp"

#include "libanalysis/engine/layers/kinds.hpp"

#include <array>

namespace assay::engine::layers {
namespace {

using Instruction = CellProgram::Instruction;
using Kind = Instruction::Kind;

class Recurrence final : public Layer {
public:
    Recurrence(const LayerSpec& spec, CellProgram program)
        : program_(std::move(program)), units_(spec.integer("units")), sequences_(spec.boolean("return_sequences", false)),
          backwards_(spec.boolean("go_backwards", false)), in_order_(spec.boolean("in_order", false)),
          zero_masked_(spec.boolean("zero_masked", false)), bias_(spec.boolean("use_bias", true)) {
        spec.require_inputs(1);
        spec.require_rank(0, 2);
        if (units_ < 1) spec.fail("positive `units`", std::to_string(units_));
        time_ = spec.inputs[0][0];
        in_ = spec.inputs[0][1];
        width_ = program_.gates * units_;
        spec.require_parameter(0, {in_, width_}, "kernel");
        spec.require_parameter(1, {units_, width_}, "recurrent_kernel");
        if (bias_) spec.require_parameter(2, program_.two_biases ? Shape{2, width_} : Shape{width_}, "bias");
        output_shape_ = sequences_ ? Shape{time_, units_} : Shape{units_};
    }
    bool passes_mask() const override { return sequences_; }
    double madds() const override { return static_cast<double>(time_) * static_cast<double>(width_) * static_cast<double>(in_ + units_); }
    std::size_t saved_bytes() const override {
        return sizeof(float) * static_cast<std::size_t>(time_ * (in_ + units_ * static_cast<std::int64_t>(program_.instructions.size())));
    }

    // Saves x and what the instructions made; under a mask also the states, the mask and its complement. All by time.
    void forward(Backend& lane, const Frame& frame) const override {
        const DType type = frame.output.type;
        std::vector<Buffer>& saved = *frame.saved;
        saved.push_back(lane.allocate(type, rows(frame) * static_cast<std::size_t>(in_)));
        saved.push_back(lane.allocate(type, program_.instructions.size() * states(frame)));
        by_time(lane, frame.batch, frame.inputs[0], in_, saved[0].view());
        if (masked(frame)) {
            saved.push_back(lane.allocate(type, program_.states * states(frame)));
            saved.push_back(lane.allocate(type, rows(frame)));
            saved.push_back(lane.allocate(type, rows(frame)));
            by_time(lane, frame.batch, frame.masks[0], 1, saved[3].view());
            lane.fill(saved[4].view(), 1);
            lane.axpy(-1, saved[3].view(), saved[4].view());
        }
        const Run<View> run = primal<View>(frame);
        start(lane, frame, input(frame), ConstView{}, std::span(frame.parameters), ConstView{}, run);
        for (std::int64_t t = 0; t < time_; ++t) {
            for (std::size_t i = 0; i < program_.instructions.size(); ++i) compute(lane, frame, run, i, t);
            blend(lane, frame, run, t);
        }
        emit(lane, frame, state(frame, run, 0), frame.output, false);
    }

    void backward(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx, std::span<const View> gw) const override {
        const Arrays g = gradients(lane, frame, gy);
        weights_from(lane, frame, input(frame), primal<ConstView>(frame), g.run<ConstView>(), gw, true);
        input_from(lane, frame, g.run<ConstView>(), {}, ConstView{}, gx);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (gx[0].empty()) return;
        input_from(lane, frame, gradients(lane, frame, gy).run<ConstView>(), {}, ConstView{}, gx);
    }
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        if (!all_empty(gw)) weights_from(lane, frame, input(frame), primal<ConstView>(frame), gradients(lane, frame, gy).run<ConstView>(), gw, true);
    }

    // Saves tx (empty where there is none), and the tangents of the instructions and, under a mask, the states.
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        Buffer tx;
        Arrays moved = move(lane, frame, tangent.inputs[0], tangent.parameters, tx);
        emit(lane, frame, state(frame, moved.run<ConstView>(), 0), tangent.output, false);
        if (!tangent.saved) return;
        tangent.saved->push_back(std::move(tx));
        tangent.saved->push_back(std::move(moved.made));
        tangent.saved->push_back(std::move(moved.states));
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        Buffer none;
        const Arrays moved = move(lane, frame, ConstView{}, tw, none);
        emit(lane, frame, state(frame, moved.run<ConstView>(), 0), ty, accumulate);
    }

    // The reverse pass again, with the tangents of all its factors.
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override {
        if (all_empty(tgx) && all_empty(tgw)) return;
        if (tangent.saved->empty()) {   // nothing moves but gy
            if (!tgy.empty()) backward(lane, frame, tgy, tgx, tgw);
            return;
        }
        const Arrays gradient = gradients(lane, frame, gy);
        const Arrays moved_gradient = zero_arrays(lane, frame, gy.type);
        const ConstView tx = tangent.saved->at(0).const_view();
        const Run<ConstView> moved{tangent.saved->at(1).const_view(), tangent.saved->at(2).const_view()};
        const Run<ConstView> g = gradient.run<ConstView>();
        const Run<View> tg = moved_gradient.run<View>();
        spread(lane, frame, tgy, state(frame, tg, 0));
        for (std::int64_t t = time_ - 1; t >= 0; --t) {
            unblend(lane, frame, tg, t);
            for (std::size_t i = program_.instructions.size(); i-- > 0;) {
                reverse(lane, frame, tg, i, t);
                reverse_moved(lane, frame, moved, at_or_empty<ConstView>(tangent.parameters, 1), g, tg, i, t);
            }
        }
        const Run<ConstView> result = moved_gradient.run<ConstView>();
        weights_from(lane, frame, input(frame), primal<ConstView>(frame), result, tgw, true);
        weights_from(lane, frame, tx, moved, g, tgw, false);
        input_from(lane, frame, result, g, at_or_empty<ConstView>(tangent.parameters, 0), tgx);
    }

private:
    /// What the instructions made [instruction, time, batch, units] and, under a mask, the states [state, time, batch, units].
    template <class V>
    struct Run { V made, states; };
    struct Arrays {
        mutable Buffer made, states;   // mutable: views of a const Buffer cannot be written
        template <class V>
        Run<V> run() const {
            if constexpr (std::is_same_v<V, View>) return {made.view(), states.view()};
            else return {made.const_view(), states.const_view()};
        }
    };

    static bool masked(const Frame& frame) { return !frame.masks.empty() && !frame.masks[0].empty(); }
    static std::size_t batch(const Frame& frame) { return static_cast<std::size_t>(frame.batch); }
    std::size_t rows(const Frame& frame) const { return static_cast<std::size_t>(time_) * batch(frame); }
    std::size_t step_size(const Frame& frame) const { return batch(frame) * static_cast<std::size_t>(units_); }
    std::size_t states(const Frame& frame) const { return rows(frame) * static_cast<std::size_t>(units_); }   ///< values of one array over all time
    static ConstView input(const Frame& frame) { return frame.saved->at(0).const_view(); }
    ConstView mask(const Frame& frame, std::int64_t t) const { return frame.saved->at(3).const_view().slice(static_cast<std::size_t>(t) * batch(frame), batch(frame)); }
    ConstView rest(const Frame& frame, std::int64_t t) const { return frame.saved->at(4).const_view().slice(static_cast<std::size_t>(t) * batch(frame), batch(frame)); }
    template <class V>
    Run<V> primal(const Frame& frame) const {
        if constexpr (std::is_same_v<V, View>) return {frame.saved->at(1).view(), masked(frame) ? frame.saved->at(2).view() : View{}};
        else return {frame.saved->at(1).const_view(), masked(frame) ? frame.saved->at(2).const_view() : ConstView{}};
    }
    Arrays zero_arrays(Backend& lane, const Frame& frame, DType type) const {
        return {lane.zeros(type, program_.instructions.size() * states(frame)),
                masked(frame) ? lane.zeros(type, program_.states * states(frame)) : Buffer{}};
    }

    // ---- arrays of a run: over all time, or of one step ----
    template <class V>
    V made(const Frame& frame, const Run<V>& run, std::size_t instruction) const { return run.made.slice(instruction * states(frame), states(frame)); }
    template <class V>
    V state(const Frame& frame, const Run<V>& run, std::size_t k) const {
        return masked(frame) ? run.states.slice(k * states(frame), states(frame)) : made(frame, run, program_.next[k] - program_.states);
    }
    template <class V>
    V at(const Frame& frame, V all, std::int64_t t) const { return all.slice(static_cast<std::size_t>(t) * step_size(frame), step_size(frame)); }
    /// Array `name` of step t; empty for a state before the first step.
    template <class V>
    V value(const Frame& frame, const Run<V>& run, std::size_t name, std::int64_t t) const {
        if (name >= program_.states) return at(frame, made(frame, run, name - program_.states), t);
        return t == 0 ? V{} : at(frame, state(frame, run, name), t - 1);
    }
    template <class V>
    V block(V matrix, std::int64_t gate) const {   // columns of one gate, at the leading dimension width_
        const auto first = static_cast<std::size_t>(gate * units_);
        return matrix.slice(first, matrix.size - first);
    }
    template <class V>
    V bias_of(V bias, std::int64_t row, std::int64_t gate) const { return bias.slice(static_cast<std::size_t>(row * width_ + gate * units_), static_cast<std::size_t>(units_)); }

    // ---- one step ----
    /// What linear instructions know before the first step: x W + b, and with tw: tx W + x tW + tb. An empty x, weight or bias is zero.
    void start(Backend& lane, const Frame& frame, ConstView x, ConstView tx, std::span<const ConstView> w, ConstView moved_kernel, const Run<View>& run) const {
        const auto all = static_cast<std::int64_t>(rows(frame));
        const ConstView kernel = frame.parameters[0], bias = bias_ ? at_or_empty(w, 2) : ConstView{};
        for (std::size_t i = 0; i < program_.instructions.size(); ++i) {
            const Instruction& now = program_.instructions[i];
            if (now.kind != Kind::linear) continue;
            const View z = made(frame, run, i);
            bool add = false;
            const auto product = [&](ConstView a, ConstView b) {
                if (!now.input || a.empty() || b.empty()) return;
                lane.gemm(false, false, all, units_, in_, 1, a, in_, block(b, now.gate), width_, add ? 1 : 0, z, units_);
                add = true;
            };
            if (tx.empty() && moved_kernel.empty()) product(x, at_or_empty(w, 0));
            else product(tx, kernel), product(x, moved_kernel);
            if (!add) lane.fill(z, 0);
            if (bias.empty()) continue;
            if (now.input) lane.add_row(bias_of(bias, 0, now.gate), z, all, units_);
            if (now.source && program_.two_biases) lane.add_row(bias_of(bias, 1, now.gate), z, all, units_);
        }
    }
    void recur(Backend& lane, const Frame& frame, ConstView source, ConstView recurrent, const Instruction& now, View z) const {
        if (source.empty() || recurrent.empty()) return;
        lane.gemm(false, false, frame.batch, units_, units_, 1, source, units_, block(recurrent, now.gate), width_, 1, z, units_);
    }
    void recur_back(Backend& lane, const Frame& frame, ConstView gz, ConstView recurrent, const Instruction& now, View g) const {
        if (g.empty() || recurrent.empty()) return;
        lane.gemm(false, true, frame.batch, units_, units_, 1, gz, units_, block(recurrent, now.gate), width_, 1, g, units_);
    }
    void add_terms(Backend& lane, const Frame& frame, const Instruction& now, const Run<View>& run, std::int64_t t, View to, bool add) const {
        for (const CellProgram::Term& term : now.terms) {
            const View a = value(frame, run, term.a, t);
            if (a.empty()) continue;
            if (add) {
                lane.axpy(term.factor, a, to);
            } else {
                lane.copy(a, to);
                if (term.factor != 1) lane.scale(term.factor, to);
            }
            add = true;
        }
        if (!add) lane.fill(to, 0);
    }
    void compute(Backend& lane, const Frame& frame, const Run<View>& run, std::size_t i, std::int64_t t) const {
        const Instruction& now = program_.instructions[i];
        const View to = at(frame, made(frame, run, i), t);
        if (now.kind == Kind::linear) {
            if (now.source) recur(lane, frame, value(frame, run, *now.source, t), frame.parameters[1], now, to);
        } else if (now.kind == Kind::map) {
            lane.map(now.f.f, now.f.parameters, value(frame, run, *now.source, t), to);
        } else {
            bool add = false;
            for (const CellProgram::Product& product : now.products) {
                const View a = value(frame, run, product.a, t), b = value(frame, run, product.b, t);
                if (a.empty() || b.empty()) continue;
                lane.multiply(a, b, to, add);
                add = true;
            }
            add_terms(lane, frame, now, run, t, to, add);
        }
    }
    void compute_moved(Backend& lane, const Frame& frame, const Run<ConstView>& run, ConstView moved_recurrent, const Run<View>& moved, std::size_t i,
                       std::int64_t t) const {
        const Instruction& now = program_.instructions[i];
        const View to = at(frame, made(frame, moved, i), t);
        if (now.kind == Kind::linear) {
            if (!now.source) return;
            recur(lane, frame, value(frame, moved, *now.source, t), frame.parameters[1], now, to);
            recur(lane, frame, value(frame, run, *now.source, t), moved_recurrent, now, to);
        } else if (now.kind == Kind::map) {
            lane.map_first(now.f.f, now.f.parameters, value(frame, run, *now.source, t), value(frame, moved, *now.source, t), to, false);
        } else {
            bool add = false;
            for (const CellProgram::Product& product : now.products) {
                const ConstView a = value(frame, run, product.a, t), b = value(frame, run, product.b, t);
                if (a.empty() || b.empty()) continue;
                lane.multiply(value(frame, moved, product.a, t), b, to, add);
                lane.multiply(a, value(frame, moved, product.b, t), to, true);
                add = true;
            }
            add_terms(lane, frame, now, moved, t, to, add);
        }
    }
    /// g of what an instruction reads += its transpose times g of what it makes.
    void reverse(Backend& lane, const Frame& frame, const Run<View>& g, std::size_t i, std::int64_t t) const {
        const Instruction& now = program_.instructions[i];
        const Run<ConstView> run = primal<ConstView>(frame);
        const View from = at(frame, made(frame, g, i), t);
        if (now.kind == Kind::linear) {
            if (now.source) recur_back(lane, frame, from, frame.parameters[1], now, value(frame, g, *now.source, t));
        } else if (now.kind == Kind::map) {
            lane.map_first(now.f.f, now.f.parameters, value(frame, run, *now.source, t), from, value(frame, g, *now.source, t), true);
        } else {
            for (const CellProgram::Product& product : now.products) {
                const ConstView a = value(frame, run, product.a, t), b = value(frame, run, product.b, t);
                if (a.empty() || b.empty()) continue;
                lane.multiply(from, b, value(frame, g, product.a, t), true);
                lane.multiply(from, a, value(frame, g, product.b, t), true);
            }
            for (const CellProgram::Term& term : now.terms) {
                const View a = value(frame, g, term.a, t);
                if (!a.empty()) lane.axpy(term.factor, from, a);
            }
        }
    }
    /// The part of the tangent of `reverse` in which its factors move.
    void reverse_moved(Backend& lane, const Frame& frame, const Run<ConstView>& moved, ConstView moved_recurrent, const Run<ConstView>& g,
                       const Run<View>& tg, std::size_t i, std::int64_t t) const {
        const Instruction& now = program_.instructions[i];
        const ConstView from = at(frame, made(frame, g, i), t);
        if (now.kind == Kind::linear) {
            if (now.source) recur_back(lane, frame, from, moved_recurrent, now, value(frame, tg, *now.source, t));
        } else if (now.kind == Kind::map) {
            lane.map_second(now.f.f, now.f.parameters, value(frame, primal<ConstView>(frame), *now.source, t), value(frame, moved, *now.source, t), from,
                            value(frame, tg, *now.source, t), true);
        } else {
            for (const CellProgram::Product& product : now.products) {
                const ConstView a = value(frame, moved, product.a, t), b = value(frame, moved, product.b, t);
                if (a.empty() || b.empty()) continue;
                lane.multiply(from, b, value(frame, tg, product.a, t), true);
                lane.multiply(from, a, value(frame, tg, product.b, t), true);
            }
        }
    }
    void blend(Backend& lane, const Frame& frame, const Run<View>& run, std::int64_t t) const {
        if (!masked(frame)) return;
        for (std::size_t k = 0; k < program_.states; ++k) {
            const View now = at(frame, state(frame, run, k), t);
            lane.multiply_column(mask(frame, t), value(frame, run, program_.next[k], t), now, frame.batch, units_, false);
            if (t > 0) lane.multiply_column(rest(frame, t), at(frame, state(frame, run, k), t - 1), now, frame.batch, units_, true);
        }
    }
    void unblend(Backend& lane, const Frame& frame, const Run<View>& g, std::int64_t t) const {
        if (!masked(frame)) return;
        for (std::size_t k = 0; k < program_.states; ++k) {
            const View now = at(frame, state(frame, g, k), t);
            lane.multiply_column(mask(frame, t), now, value(frame, g, program_.next[k], t), frame.batch, units_, true);
            if (t > 0) lane.multiply_column(rest(frame, t), now, at(frame, state(frame, g, k), t - 1), frame.batch, units_, true);
        }
    }

    // ---- whole passes ----
    Arrays move(Backend& lane, const Frame& frame, ConstView given, std::span<const ConstView> tw, Buffer& tx) const {
        const DType type = frame.output.type;
        if (!given.empty()) {
            tx = lane.allocate(type, rows(frame) * static_cast<std::size_t>(in_));
            by_time(lane, frame.batch, given, in_, tx.view());
        }
        Arrays moved = zero_arrays(lane, frame, type);
        const Run<View> run = moved.run<View>();
        const std::array<ConstView, 3> bias_only{ConstView{}, ConstView{}, at_or_empty(tw, 2)};
        start(lane, frame, input(frame), tx.const_view(), bias_only, at_or_empty(tw, 0), run);
        for (std::int64_t t = 0; t < time_; ++t) {
            for (std::size_t i = 0; i < program_.instructions.size(); ++i)
                compute_moved(lane, frame, primal<ConstView>(frame), at_or_empty(tw, 1), run, i, t);
            blend(lane, frame, run, t);
        }
        return moved;
    }
    Arrays gradients(Backend& lane, const Frame& frame, ConstView gy) const {
        Arrays arrays = zero_arrays(lane, frame, gy.type);
        const Run<View> g = arrays.run<View>();
        spread(lane, frame, gy, state(frame, g, 0));
        for (std::int64_t t = time_ - 1; t >= 0; --t) {
            unblend(lane, frame, g, t);
            for (std::size_t i = program_.instructions.size(); i-- > 0;) reverse(lane, frame, g, i, t);
        }
        return arrays;
    }
    /// gw += what the products x W and source U and, where wanted, the sums with b give for g; an empty x is zero.
    void weights_from(Backend& lane, const Frame& frame, ConstView x, const Run<ConstView>& run, const Run<ConstView>& g, std::span<const View> gw,
                      bool bias_too) const {
        const auto all = static_cast<std::int64_t>(rows(frame));
        const View bias = bias_ && bias_too ? gw[2] : View{};
        for (std::size_t i = 0; i < program_.instructions.size(); ++i) {
            const Instruction& now = program_.instructions[i];
            if (now.kind != Kind::linear) continue;
            const ConstView gz = made(frame, g, i);
            if (now.input && !gw[0].empty() && !x.empty())
                lane.gemm(true, false, in_, units_, all, 1, x, in_, gz, units_, 1, block(gw[0], now.gate), width_);
            if (now.source && !gw[1].empty()) {
                const bool made_now = *now.source >= program_.states;
                const ConstView source = made_now ? made(frame, run, *now.source - program_.states) : state(frame, run, *now.source);
                const std::int64_t count = made_now ? all : all - frame.batch;   // a state is that of the step before
                const std::size_t first = made_now ? 0 : step_size(frame);
                if (count > 0)
                    lane.gemm(true, false, units_, units_, count, 1, source, units_, gz.slice(first, gz.size - first), units_, 1, block(gw[1], now.gate), width_);
            }
            if (bias.empty()) continue;
            if (now.input) lane.column_sums(gz, all, units_, bias_of(bias, 0, now.gate), true);
            if (now.source && program_.two_biases) lane.column_sums(gz, all, units_, bias_of(bias, 1, now.gate), true);
        }
    }
    /// gx += g W^T + other tW^T, back in the input's order; without the second where it has no kernel.
    void input_from(Backend& lane, const Frame& frame, const Run<ConstView>& g, const Run<ConstView>& other, ConstView moved_kernel,
                    std::span<const View> gx) const {
        if (gx[0].empty()) return;
        Buffer moved = lane.allocate(gx[0].type, rows(frame) * static_cast<std::size_t>(in_));
        bool add = false;
        const auto product = [&](const Run<ConstView>& run, ConstView kernel) {
            for (std::size_t i = 0; i < program_.instructions.size(); ++i) {
                const Instruction& now = program_.instructions[i];
                if (now.kind != Kind::linear || !now.input) continue;
                lane.gemm(false, true, static_cast<std::int64_t>(rows(frame)), in_, units_, 1, made(frame, run, i), units_, block(kernel, now.gate), width_,
                          add ? 1 : 0, moved.view(), in_);
                add = true;
            }
        };
        product(g, frame.parameters[0]);
        if (!moved_kernel.empty()) product(other, moved_kernel);
        from_time(lane, frame.batch, moved.const_view(), in_, gx[0], true, backwards_);
    }

    // ---- time ----
    std::size_t place(std::int64_t t, std::int64_t width) const { return static_cast<std::size_t>((time_ - 1 - t) * width); }
    /// [batch, time, width] -> [time, batch, width] in the order of processing
    void by_time(Backend& lane, std::int64_t count, ConstView from, std::int64_t width, View to) const { by_time(lane, count, from, width, to, backwards_); }
    void by_time(Backend& lane, std::int64_t count, ConstView from, std::int64_t width, View to, bool reversed) const {
        const std::array<std::int64_t, 3> shape{count, time_, width}, order{1, 0, 2};
        if (!reversed) return lane.permute(from, shape, order, to, false);
        const auto block = static_cast<std::size_t>(count * width);
        for (std::int64_t t = 0; t < time_; ++t)
            lane.copy_block(count, width, from.slice(place(t, width), from.size - place(t, width)), time_ * width,
                            to.slice(static_cast<std::size_t>(t) * block, block), width, false);
    }
    /// the transpose of by_time
    void from_time(Backend& lane, std::int64_t count, ConstView from, std::int64_t width, View to, bool accumulate, bool reversed) const {
        const std::array<std::int64_t, 3> shape{time_, count, width}, order{1, 0, 2};
        if (!reversed) return lane.permute(from, shape, order, to, accumulate);
        const auto block = static_cast<std::size_t>(count * width);
        for (std::int64_t t = 0; t < time_; ++t)
            lane.copy_block(count, width, from.slice(static_cast<std::size_t>(t) * block, block), width,
                            to.slice(place(t, width), to.size - place(t, width)), time_ * width, accumulate);
    }
    bool turned() const { return backwards_ && in_order_; }
    bool zeroes(const Frame& frame) const { return zero_masked_ && sequences_ && masked(frame); }
    Buffer under_mask(Backend& lane, const Frame& frame, ConstView by_time) const {
        Buffer kept = lane.allocate(by_time.type, by_time.size);
        lane.multiply_column(frame.saved->at(3).const_view(), by_time, kept.view(), static_cast<std::int64_t>(rows(frame)), units_, false);
        return kept;
    }
    /// States by time to the output: all of them, or the last one.
    void emit(Backend& lane, const Frame& frame, ConstView states_by_time, View to, bool accumulate) const {
        if (sequences_) {
            const Buffer kept = zeroes(frame) ? under_mask(lane, frame, states_by_time) : Buffer{};
            return from_time(lane, frame.batch, kept.empty() ? states_by_time : kept.const_view(), units_, to, accumulate, turned());
        }
        if (accumulate) lane.axpy(1, at(frame, states_by_time, time_ - 1), to);
        else lane.copy(at(frame, states_by_time, time_ - 1), to);
    }
    /// The transpose of emit into zeros; an empty gradient is zero.
    void spread(Backend& lane, const Frame& frame, ConstView gy, View to) const {
        if (gy.empty()) return;
        if (!sequences_) return lane.copy(gy, at(frame, to, time_ - 1));
        if (!zeroes(frame)) return by_time(lane, frame.batch, gy, units_, to, turned());
        Buffer g = lane.allocate(gy.type, gy.size);
        by_time(lane, frame.batch, gy, units_, g.view(), turned());
        lane.copy(under_mask(lane, frame, g.const_view()).const_view(), to);
    }

    CellProgram program_;
    std::int64_t units_, time_ = 1, in_ = 1, width_ = 1;   // width_: columns of both kernels
    bool sequences_, backwards_, in_order_, zero_masked_, bias_;
};

}  // namespace

std::size_t CellProgram::add(Instruction instruction) {
    instructions.push_back(std::move(instruction));
    return states + instructions.size() - 1;
}
std::size_t CellProgram::linear(std::int64_t gate, bool input, std::optional<std::size_t> source) {
    return add({.kind = Kind::linear, .gate = gate, .input = input, .source = source, .products = {}, .terms = {}});
}
std::size_t CellProgram::map(const PointwiseFunction& f, std::size_t source) {
    return add({.kind = Kind::map, .source = source, .f = f, .products = {}, .terms = {}});
}
std::size_t CellProgram::sum(std::vector<Product> products, std::vector<Term> terms) {
    return add({.kind = Kind::sum, .source = {}, .products = std::move(products), .terms = std::move(terms)});
}

PointwiseFunction cell_activation(const LayerSpec& spec) { return pointwise_function(spec, spec.attributes.value("activation", Json("tanh"))); }
PointwiseFunction cell_recurrent_activation(const LayerSpec& spec) {
    return pointwise_function(spec, spec.attributes.value("recurrent_activation", Json("sigmoid")));
}

std::unique_ptr<Layer> make_recurrence(const LayerSpec& spec, CellProgram program) { return std::make_unique<Recurrence>(spec, std::move(program)); }

}  // namespace assay::engine::layers
