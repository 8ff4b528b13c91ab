// Attention by dot products: the score of a query and a step is factor scale <query, key>, with `factor` a number and `scale` a
// parameter [] with `use_scale`. See weighed_values.hpp for the rest.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/weighed_values.hpp"

namespace assay::engine::layers {
namespace {

class Attention final : public WeighedValues {
public:
    explicit Attention(const LayerSpec& spec) : WeighedValues(spec), factor_(spec.number("factor", 1)), scaled_(spec.boolean("use_scale", false)) {
        if (scaled_) spec.require_parameter(0, {}, "scale");
    }
    std::size_t saved_bytes() const override { return WeighedValues::saved_bytes() * (scaled_ ? 2 : 1); }

protected:
    // Saves the unscaled products where there is a scale.
    void scores(Backend& lane, const Frame& frame, Pair x, View s) const override {
        if (!scaled_) return products(lane, frame, x.query, x.key, s, false);
        frame.saved->push_back(lane.allocate(s.type, s.size));
        const View r = frame.saved->back().view();
        products(lane, frame, x.query, x.key, r, false);
        scale(lane, frame.parameters[0], r, s, false);
    }
    void scores_reverse(Backend& lane, const Frame& frame, Pair x, ConstView gs, Targets g, std::span<const View> gw) const override {
        const View gscale = at_or_empty(gw, 0);
        if (!gscale.empty()) add_dot(lane, gs, frame.saved->at(2).const_view(), gscale);
        if (g.query.empty() && g.key.empty()) return;
        Buffer scaled;
        products_back(lane, frame, x, unscaled(lane, frame, gs, scaled), g);
    }
    // Saves the tangent of the unscaled products where there is a scale.
    void scores_tangent(Backend& lane, const Frame& frame, Pair x, Pair tx, std::span<const ConstView> tw, View ts, std::vector<Buffer>* saved) const override {
        Buffer own = scaled_ ? lane.allocate(ts.type, ts.size) : Buffer{};
        const View tr = scaled_ ? own.view() : ts;
        if (!tx.query.empty()) products(lane, frame, tx.query, x.key, tr, false);
        if (!tx.key.empty()) products(lane, frame, x.query, tx.key, tr, !tx.query.empty());
        if (tx.query.empty() && tx.key.empty()) lane.fill(tr, 0);
        if (!scaled_) return;
        scale(lane, frame.parameters[0], tr, ts, false);
        const ConstView tscale = at_or_empty(tw, 0);
        if (!tscale.empty()) scale(lane, tscale, frame.saved->at(2).const_view(), ts, true);
        if (saved) saved->push_back(std::move(own));
    }
    void scores_reverse_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, Pair x, Pair tx, ConstView gs, ConstView tgs, Targets tg,
                                std::span<const View> tgw) const override {
        const View tgscale = at_or_empty(tgw, 0);
        if (!tgscale.empty()) {
            add_dot(lane, tgs, frame.saved->at(2).const_view(), tgscale);
            add_dot(lane, gs, tangent.saved->at(2).const_view(), tgscale);
        }
        if (tg.query.empty() && tg.key.empty()) return;
        Buffer scaled, moved;
        const ConstView gr = unscaled(lane, frame, gs, scaled), tgr = unscaled(lane, frame, tgs, moved);
        const ConstView tscale = scaled_ ? at_or_empty<ConstView>(tangent.parameters, 0) : ConstView{};
        if (!tscale.empty()) scale(lane, tscale, gs, moved.view(), true);
        products_back(lane, frame, x, tgr, tg);
        products_back(lane, frame, tx, gr, tg);
    }

private:
    /// s (+)= factor query key^T
    void products(Backend& lane, const Frame& frame, ConstView query, ConstView key, View s, bool accumulate) const {
        const std::int64_t width = heads_ * key_width_;
        const auto sheet = s.size / static_cast<std::size_t>(heads_);
        for (std::int64_t h = 0; h < heads_; ++h) {
            const auto first = static_cast<std::size_t>(h * key_width_);
            lane.gemm_batched(false, true, queries_, steps_, key_width_, factor_, query.slice(first, query.size - first), width, queries_ * width,
                              key.slice(first, key.size - first), width, steps_ * width, accumulate ? 1 : 0,
                              s.slice(static_cast<std::size_t>(h) * sheet, sheet), steps_, queries_ * steps_, frame.batch);
        }
    }
    /// g.query += factor gr key, g.key += factor gr^T query, where wanted and there.
    void products_back(Backend& lane, const Frame& frame, Pair x, ConstView gr, Targets g) const {
        const std::int64_t width = heads_ * key_width_;
        const auto sheet = gr.size / static_cast<std::size_t>(heads_);
        for (std::int64_t h = 0; h < heads_; ++h) {
            const auto first = static_cast<std::size_t>(h * key_width_);
            const ConstView one = gr.slice(static_cast<std::size_t>(h) * sheet, sheet);
            if (!g.query.empty() && !x.key.empty())
                lane.gemm_batched(false, false, queries_, key_width_, steps_, factor_, one, steps_, queries_ * steps_, x.key.slice(first, x.key.size - first),
                                  width, steps_ * width, 1, g.query.slice(first, g.query.size - first), width, queries_ * width, frame.batch);
            if (!g.key.empty() && !x.query.empty())
                lane.gemm_batched(true, false, steps_, key_width_, queries_, factor_, one, steps_, queries_ * steps_, x.query.slice(first, x.query.size - first),
                                  width, queries_ * width, 1, g.key.slice(first, g.key.size - first), width, steps_ * width, frame.batch);
        }
    }
    static void scale(Backend& lane, ConstView by, ConstView x, View y, bool accumulate) {
        lane.multiply_row(by, x, y, static_cast<std::int64_t>(x.size), 1, accumulate);
    }
    static void add_dot(Backend& lane, ConstView a, ConstView b, View to) { lane.column_dots(a, b, static_cast<std::int64_t>(a.size), 1, to, true); }
    /// The gradient of the unscaled products; `own` holds it where it is not gs itself.
    ConstView unscaled(Backend& lane, const Frame& frame, ConstView gs, Buffer& own) const {
        if (!scaled_) return gs;
        own = lane.allocate(gs.type, gs.size);
        scale(lane, frame.parameters[0], gs, own.view(), false);
        return own.const_view();
    }
    double factor_;
    bool scaled_;
};

}  // namespace

const LayerKind attention_kind{"attention", make<Attention>};

}  // namespace assay::engine::layers
