#include "libanalysis/engine/layers/weighed_values.hpp"

#include "libanalysis/engine/layers/kinds.hpp"

#include <algorithm>

namespace assay::engine::layers {

WeighedValues::WeighedValues(const LayerSpec& spec) : heads_(spec.integer("heads", 1)), causal_(spec.boolean("causal", false)) {
    if (spec.inputs.size() != 2 && spec.inputs.size() != 3) spec.fail("2 or 3 inputs: query, value, key", std::to_string(spec.inputs.size()));
    own_key_ = spec.inputs.size() == 3;
    for (std::size_t i = 0; i < spec.inputs.size(); ++i) spec.require_rank(i, 2);
    const Shape &query = spec.inputs[0], &value = spec.inputs[1], &key = spec.inputs.back();
    if (key != Shape{value[0], query[1]}) spec.fail("a key of shape " + to_string(Shape{value[0], query[1]}), "shape " + to_string(key));
    if (heads_ < 1 || query[1] % heads_ != 0 || value[1] % heads_ != 0)
        spec.fail("`heads` that divide the widths " + std::to_string(query[1]) + " and " + std::to_string(value[1]), std::to_string(heads_));
    const std::string word = spec.text("masked", "scores");
    if (word == "weights") masked_ = Masked::weights;
    else if (word == "output") masked_ = Masked::output;
    else if (word != "scores") spec.fail("`masked` scores, weights or output", word);
    queries_ = query[0];
    steps_ = value[0];
    key_width_ = query[1] / heads_;
    value_width_ = value[1] / heads_;
    output_shape_ = {queries_, value[1]};
}

double WeighedValues::madds() const {
    return static_cast<double>(heads_) * static_cast<double>(queries_) * static_cast<double>(steps_) * static_cast<double>(key_width_ + value_width_);
}

std::size_t WeighedValues::saved_bytes() const { return sizeof(float) * static_cast<std::size_t>(heads_ * queries_ * steps_); }

template <class V>
V WeighedValues::key_of(std::span<const V> views) const { return views[own_key_ ? 2 : 1]; }

std::size_t WeighedValues::sheet(const Frame& frame) const { return static_cast<std::size_t>(frame.batch * queries_ * steps_); }

/// 1 where a query may see a step, else 0: [batch, queries, steps]; empty where all may see all.
Buffer WeighedValues::allowed(Backend& lane, const Frame& frame, DType type) const {
    const auto mask = [&](std::size_t i) { return i < frame.masks.size() ? frame.masks[i] : ConstView{}; };
    const ConstView of_query = masked_ == Masked::output ? ConstView{} : mask(0), of_value = mask(1);
    const ConstView of_key = own_key_ && masked_ != Masked::output ? mask(2) : ConstView{};
    if (of_query.empty() && of_value.empty() && of_key.empty() && !causal_) return {};
    const auto ones = [&](std::int64_t count) {
        Buffer all = lane.allocate(type, static_cast<std::size_t>(frame.batch * count));
        lane.fill(all.view(), 1);
        return all;
    };
    Buffer queries = ones(queries_), steps = ones(steps_), result = lane.allocate(type, sheet(frame));
    if (!of_query.empty()) lane.copy(of_query, queries.view());
    for (const ConstView& one : {of_value, of_key})
        if (!one.empty()) lane.multiply(one, steps.view(), steps.view(), false);
    lane.gemm_batched(false, false, queries_, steps_, 1, 1, queries.view(), 1, queries_, steps.view(), steps_, steps_, 0, result.view(), steps_,
                      queries_ * steps_, frame.batch);
    if (causal_) {
        std::vector<double> past(static_cast<std::size_t>(queries_ * steps_), 0);
        for (std::int64_t i = 0; i < queries_; ++i)
            for (std::int64_t j = 0; j <= std::min(i, steps_ - 1); ++j) past[static_cast<std::size_t>(i * steps_ + j)] = 1;
        lane.multiply_row(lane.from_host(past, type).view(), result.view(), result.view(), frame.batch, queries_ * steps_, false);
    }
    return result;
}

/// Scores, or their like, of what a query may not see become zero. A row of them alone does not move: its weights are alike.
void WeighedValues::keep_seen(Backend& lane, const Frame& frame, View s) const {
    if (seen(frame).empty()) return;
    for (std::int64_t h = 0; h < heads_; ++h) {
        const View one = s.slice(static_cast<std::size_t>(h) * sheet(frame), sheet(frame));
        lane.multiply(seen(frame), one, one, false);
    }
}

/// The rows of masked queries zeroed; empty where there is nothing to zero.
Buffer WeighedValues::under_query_mask(Backend& lane, const Frame& frame, ConstView x) const {
    if (masked_ != Masked::output || frame.masks.empty() || frame.masks[0].empty() || x.empty()) return {};
    Buffer kept = lane.allocate(x.type, x.size);
    lane.multiply_column(frame.masks[0], x, kept.view(), frame.batch * queries_, heads_ * value_width_, false);
    return kept;
}

/// out = p * g - p <p, g>, row by row. It holds of rows that are zero, too: those do not move.
void WeighedValues::through_softmax(Backend& lane, const Frame& frame, ConstView p, ConstView g, View out) const {
    Buffer sums = lane.allocate(p.type, static_cast<std::size_t>(rows(frame)));
    lane.multiply(p, g, out, false);
    lane.row_dots(p, g, rows(frame), steps_, sums.view(), false);
    lane.scale(-1, sums.view());
    lane.multiply_column(sums.view(), p, out, rows(frame), steps_, true);
}

/// y (+)= p value
void WeighedValues::weigh(Backend& lane, const Frame& frame, ConstView p, ConstView value, View y, bool accumulate) const {
    const std::int64_t width = heads_ * value_width_;
    for (std::int64_t h = 0; h < heads_; ++h) {
        const auto first = static_cast<std::size_t>(h * value_width_);
        lane.gemm_batched(false, false, queries_, value_width_, steps_, 1, p.slice(static_cast<std::size_t>(h) * sheet(frame), sheet(frame)), steps_,
                          queries_ * steps_, value.slice(first, value.size - first), width, steps_ * width, accumulate ? 1 : 0,
                          y.slice(first, y.size - first), width, queries_ * width, frame.batch);
    }
}

/// gp (+)= gy value^T
void WeighedValues::weigh_back(Backend& lane, const Frame& frame, ConstView gy, ConstView value, View gp, bool accumulate) const {
    const std::int64_t width = heads_ * value_width_;
    for (std::int64_t h = 0; h < heads_; ++h) {
        const auto first = static_cast<std::size_t>(h * value_width_);
        lane.gemm_batched(false, true, queries_, steps_, value_width_, 1, gy.slice(first, gy.size - first), width, queries_ * width,
                          value.slice(first, value.size - first), width, steps_ * width, accumulate ? 1 : 0,
                          gp.slice(static_cast<std::size_t>(h) * sheet(frame), sheet(frame)), steps_, queries_ * steps_, frame.batch);
    }
}

/// gvalue += p^T gy
void WeighedValues::value_back(Backend& lane, const Frame& frame, ConstView p, ConstView gy, View gvalue) const {
    const std::int64_t width = heads_ * value_width_;
    for (std::int64_t h = 0; h < heads_; ++h) {
        const auto first = static_cast<std::size_t>(h * value_width_);
        lane.gemm_batched(true, false, steps_, value_width_, queries_, 1, p.slice(static_cast<std::size_t>(h) * sheet(frame), sheet(frame)), steps_,
                          queries_ * steps_, gy.slice(first, gy.size - first), width, queries_ * width, 1, gvalue.slice(first, gvalue.size - first), width,
                          steps_ * width, frame.batch);
    }
}

// Saves the weights and what queries may see.
void WeighedValues::forward(Backend& lane, const Frame& frame) const {
    const DType type = frame.output.type;
    frame.saved->push_back(lane.allocate(type, size(frame)));
    frame.saved->push_back(allowed(lane, frame, type));
    Buffer s = lane.allocate(type, size(frame));
    scores(lane, frame, pair(frame.inputs), s.view());
    const View p = frame.saved->at(0).view();
    if (!seen(frame).empty()) {
        keep_seen(lane, frame, s.view());
        Buffer unseen = lane.allocate(type, sheet(frame));
        lane.fill(unseen.view(), 1);
        lane.axpy(-1, seen(frame), unseen.view());
        for (std::int64_t h = 0; h < heads_; ++h)
            lane.axpy(-1e9, unseen.view(), s.view().slice(static_cast<std::size_t>(h) * sheet(frame), sheet(frame)));
    }
    lane.softmax(s.view(), rows(frame), steps_, p);
    if (masked_ == Masked::weights) keep_seen(lane, frame, p);
    weigh(lane, frame, p, frame.inputs[1], frame.output, false);
    const Buffer kept = under_query_mask(lane, frame, frame.output);
    if (!kept.empty()) lane.copy(kept.const_view(), frame.output);
}

void WeighedValues::backward(Backend& lane, const Frame& frame, ConstView given, std::span<const View> gx, std::span<const View> gw) const {
    const Buffer kept = under_query_mask(lane, frame, given);
    const ConstView gy = kept.empty() ? given : kept.const_view(), p = frame.saved->at(0).const_view();
    const View gquery = at_or_empty(gx, 0), gvalue = at_or_empty(gx, 1), gkey = gx.empty() ? View{} : key_of(gx);
    if (!gvalue.empty()) value_back(lane, frame, p, gy, gvalue);
    if (gquery.empty() && gkey.empty() && all_empty(gw)) return;
    Buffer gp = lane.allocate(gy.type, size(frame)), gs = lane.allocate(gy.type, size(frame));
    weigh_back(lane, frame, gy, frame.inputs[1], gp.view(), false);
    through_softmax(lane, frame, p, gp.view(), gs.view());
    keep_seen(lane, frame, gs.view());
    scores_reverse(lane, frame, pair(frame.inputs), gs.view(), {gquery, gkey}, gw);
}
void WeighedValues::backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const { backward(lane, frame, gy, gx, {}); }
void WeighedValues::backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const {
    if (!all_empty(gw)) backward(lane, frame, gy, {}, gw);
}

// Saves the tangent of the weights.
void WeighedValues::forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const {
    const DType type = frame.output.type;
    const ConstView p = frame.saved->at(0).const_view(), tvalue = tangent.inputs[1];
    Buffer ts = lane.allocate(type, size(frame)), tp = lane.allocate(type, size(frame));
    std::vector<Buffer> unused;
    std::vector<Buffer>& saved = tangent.saved ? *tangent.saved : unused;
    saved.resize(2);
    scores_tangent(lane, frame, pair(frame.inputs), pair(tangent.inputs), tangent.parameters, ts.view(), tangent.saved);
    keep_seen(lane, frame, ts.view());
    through_softmax(lane, frame, p, ts.view(), tp.view());
    weigh(lane, frame, tp.view(), frame.inputs[1], tangent.output, false);
    if (!tvalue.empty()) weigh(lane, frame, p, tvalue, tangent.output, true);
    const Buffer kept = under_query_mask(lane, frame, tangent.output);
    if (!kept.empty()) lane.copy(kept.const_view(), tangent.output);
    saved[0] = std::move(tp);
}

void WeighedValues::weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const {
    Tangent tangent;
    tangent.inputs.resize(frame.inputs.size());
    tangent.parameters.assign(tw.begin(), tw.end());
    Buffer moved = accumulate ? lane.allocate(ty.type, ty.size) : Buffer{};
    tangent.output = accumulate ? moved.view() : ty;
    forward_tangent(lane, frame, tangent);
    if (accumulate) lane.axpy(1, moved.view(), ty);
}

// With gs = p * gp - p <p, gp>:  tgs = tp * gp + p * tgp - tp <p, gp> - p (<tp, gp> + <p, tgp>).
void WeighedValues::backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView given, ConstView given_tangent,
                                     std::span<const View> tgx, std::span<const View> tgw) const {
    if (tangent.saved->empty()) {   // nothing moves but gy
        if (!given_tangent.empty()) backward(lane, frame, given_tangent, tgx, tgw);
        return;
    }
    const Buffer kept = under_query_mask(lane, frame, given), kept_tangent = under_query_mask(lane, frame, given_tangent);
    const ConstView gy = kept.empty() ? given : kept.const_view(), tgy = kept_tangent.empty() ? given_tangent : kept_tangent.const_view();
    const ConstView p = frame.saved->at(0).const_view(), tp = tangent.saved->at(0).const_view(), tvalue = tangent.inputs[1];
    if (!tgx[1].empty()) {
        value_back(lane, frame, tp, gy, tgx[1]);
        if (!tgy.empty()) value_back(lane, frame, p, tgy, tgx[1]);
    }
    const View tgkey = key_of(tgx);
    if (tgx[0].empty() && tgkey.empty() && all_empty(tgw)) return;
    const std::size_t n = size(frame);
    Buffer gp = lane.allocate(gy.type, n), gs = lane.allocate(gy.type, n), tgp = lane.allocate(gy.type, n), tgs = lane.allocate(gy.type, n);
    weigh_back(lane, frame, gy, frame.inputs[1], gp.view(), false);
    through_softmax(lane, frame, p, gp.view(), gs.view());
    bool add = false;
    if (!tgy.empty()) weigh_back(lane, frame, tgy, frame.inputs[1], tgp.view(), std::exchange(add, true));
    if (!tvalue.empty()) weigh_back(lane, frame, gy, tvalue, tgp.view(), std::exchange(add, true));
    if (!add) lane.fill(tgp.view(), 0);
    through_softmax(lane, frame, p, tgp.view(), tgs.view());
    lane.multiply(tp, gp.view(), tgs.view(), true);
    Buffer sums = lane.allocate(gy.type, static_cast<std::size_t>(rows(frame)));
    const auto subtract = [&](ConstView a, ConstView b, ConstView from) {   // tgs -= from <a, b>
        lane.row_dots(a, b, rows(frame), steps_, sums.view(), false);
        lane.scale(-1, sums.view());
        lane.multiply_column(sums.view(), from, tgs.view(), rows(frame), steps_, true);
    };
    subtract(p, gp.view(), tp);
    subtract(tp, gp.view(), p);
    keep_seen(lane, frame, gs.view());
    keep_seen(lane, frame, tgs.view());
    scores_reverse_tangent(lane, frame, tangent, pair(frame.inputs), pair(tangent.inputs), gs.view(), tgs.view(), {tgx[0], tgkey}, tgw);
}

}  // namespace assay::engine::layers
