// AdditiveAttention: the score of a query and a step is sum_d scale_d tanh(query_d + key_d), with a parameter scale [width], or ones
// without `use_scale`. One head. See weighed_values.hpp for the rest.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/weighed_values.hpp"

namespace assay::engine::layers {
namespace {

class AdditiveAttention final : public WeighedValues {
public:
    explicit AdditiveAttention(const LayerSpec& spec) : WeighedValues(spec), scaled_(spec.boolean("use_scale", true)) {
        if (heads_ != 1) spec.fail("one head", std::to_string(heads_));
        if (scaled_) spec.require_parameter(0, {key_width_}, "scale");
    }
    double madds() const override {
        return WeighedValues::madds() + static_cast<double>(queries_) * static_cast<double>(steps_) * static_cast<double>(key_width_);
    }
    std::size_t saved_bytes() const override { return WeighedValues::saved_bytes() * static_cast<std::size_t>(1 + key_width_); }

protected:
    // Saves the sums query + key, [batch, queries, steps, width].
    void scores(Backend& lane, const Frame& frame, Pair x, View s) const override {
        frame.saved->push_back(lane.allocate(s.type, s.size * static_cast<std::size_t>(key_width_)));
        const View sum = frame.saved->back().view();
        pairs(lane, frame, x, sum);
        Buffer squashed = lane.allocate(s.type, sum.size), ones;
        lane.map(Pointwise::tanh, 1, sum, squashed.view());
        project(lane, squashed.view(), weights(lane, frame, s.type, ones), s, false);
    }
    void scores_reverse(Backend& lane, const Frame& frame, Pair, ConstView gs, Targets g, std::span<const View> gw) const override {
        const ConstView sum = frame.saved->at(2).const_view();
        Buffer work = lane.allocate(gs.type, sum.size), ones;
        const View gscale = at_or_empty(gw, 0);
        if (scaled_ && !gscale.empty()) {
            lane.map(Pointwise::tanh, 1, sum, work.view());
            add_weights(lane, work.view(), gs, gscale);
        }
        if (g.query.empty() && g.key.empty()) return;
        Buffer gsum = lane.allocate(gs.type, sum.size);
        spread(lane, gs, weights(lane, frame, gs.type, ones), work.view(), false);
        lane.map_first(Pointwise::tanh, 1, sum, work.view(), gsum.view(), false);
        pairs_back(lane, frame, gsum.view(), g);
    }
    // Saves the tangent of the sums.
    void scores_tangent(Backend& lane, const Frame& frame, Pair, Pair tx, std::span<const ConstView> tw, View ts, std::vector<Buffer>* saved) const override {
        const ConstView sum = frame.saved->at(2).const_view();
        Buffer tsum = lane.allocate(ts.type, sum.size), work = lane.allocate(ts.type, sum.size), ones;
        pairs(lane, frame, tx, tsum.view());
        lane.map_first(Pointwise::tanh, 1, sum, tsum.view(), work.view(), false);
        project(lane, work.view(), weights(lane, frame, ts.type, ones), ts, false);
        const ConstView tscale = scaled_ ? at_or_empty(tw, 0) : ConstView{};
        if (!tscale.empty()) {
            lane.map(Pointwise::tanh, 1, sum, work.view());
            project(lane, work.view(), tscale, ts, true);
        }
        if (saved) saved->push_back(std::move(tsum));
    }
    void scores_reverse_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, Pair, Pair, ConstView gs, ConstView tgs, Targets tg,
                                std::span<const View> tgw) const override {
        const ConstView sum = frame.saved->at(2).const_view(), tsum = tangent.saved->at(2).const_view();
        const ConstView tscale = scaled_ ? at_or_empty<ConstView>(tangent.parameters, 0) : ConstView{};
        Buffer work = lane.allocate(gs.type, sum.size), ones;
        const View tgscale = at_or_empty(tgw, 0);
        if (scaled_ && !tgscale.empty()) {
            lane.map(Pointwise::tanh, 1, sum, work.view());
            add_weights(lane, work.view(), tgs, tgscale);
            lane.map_first(Pointwise::tanh, 1, sum, tsum, work.view(), false);
            add_weights(lane, work.view(), gs, tgscale);
        }
        if (tg.query.empty() && tg.key.empty()) return;
        const ConstView w = weights(lane, frame, gs.type, ones);
        Buffer tgsum = lane.allocate(gs.type, sum.size);
        spread(lane, tgs, w, work.view(), false);
        if (!tscale.empty()) spread(lane, gs, tscale, work.view(), true);
        lane.map_first(Pointwise::tanh, 1, sum, work.view(), tgsum.view(), false);
        spread(lane, gs, w, work.view(), false);
        lane.map_second(Pointwise::tanh, 1, sum, tsum, work.view(), tgsum.view(), true);
        pairs_back(lane, frame, tgsum.view(), tg);
    }

private:
    ConstView weights(Backend& lane, const Frame& frame, DType type, Buffer& ones) const {
        if (scaled_) return frame.parameters[0];
        ones = lane.allocate(type, static_cast<std::size_t>(key_width_));
        lane.fill(ones.view(), 1);
        return ones.const_view();
    }
    /// sum[n, i, j] = query[n, i] + key[n, j]; an empty one is zero.
    void pairs(Backend& lane, const Frame& frame, Pair x, View sum) const {
        const std::int64_t row = steps_ * key_width_;
        if (x.key.empty()) lane.fill(sum, 0);
        for (std::int64_t i = 0; i < queries_ && !x.key.empty(); ++i)
            lane.copy_block(frame.batch, row, x.key, row, sum.slice(static_cast<std::size_t>(i * row), sum.size - static_cast<std::size_t>(i * row)), queries_ * row, false);
        for (std::int64_t j = 0; j < steps_ && !x.query.empty(); ++j) {
            const auto first = static_cast<std::size_t>(j * key_width_);
            lane.copy_block(frame.batch * queries_, key_width_, x.query, key_width_, sum.slice(first, sum.size - first), row, true);
        }
    }
    /// the transpose of pairs, added where wanted
    void pairs_back(Backend& lane, const Frame& frame, ConstView gsum, Targets g) const {
        const std::int64_t row = steps_ * key_width_;
        for (std::int64_t i = 0; i < queries_ && !g.key.empty(); ++i)
            lane.copy_block(frame.batch, row, gsum.slice(static_cast<std::size_t>(i * row), gsum.size - static_cast<std::size_t>(i * row)), queries_ * row, g.key, row, true);
        for (std::int64_t j = 0; j < steps_ && !g.query.empty(); ++j) {
            const auto first = static_cast<std::size_t>(j * key_width_);
            lane.copy_block(frame.batch * queries_, key_width_, gsum.slice(first, gsum.size - first), row, g.query, key_width_, true);
        }
    }
    /// s (+)= a w, a [.., width]
    void project(Backend& lane, ConstView a, ConstView w, View s, bool accumulate) const {
        lane.gemm(false, false, static_cast<std::int64_t>(s.size), 1, key_width_, 1, a, key_width_, w, 1, accumulate ? 1 : 0, s, 1);
    }
    /// a (+)= gs w^T
    void spread(Backend& lane, ConstView gs, ConstView w, View a, bool accumulate) const {
        lane.gemm(false, false, static_cast<std::int64_t>(gs.size), key_width_, 1, 1, gs, 1, w, key_width_, accumulate ? 1 : 0, a, key_width_);
    }
    /// gw += a^T gs
    void add_weights(Backend& lane, ConstView a, ConstView gs, View gw) const {
        lane.gemm(true, false, key_width_, 1, static_cast<std::int64_t>(gs.size), 1, a, key_width_, gs, 1, 1, gw, 1);
    }
    bool scaled_;
};

}  // namespace

const LayerKind additive_attention_kind{"additive_attention", make<AdditiveAttention>};

}  // namespace assay::engine::layers
