#pragma once
// What every attention layer shares: given scores S of queries and keys, y = softmax(S) value, head by head. The scores are the
// derived layer's.
//
// Inputs: query [queries, heads key width], value [steps, heads value width] and, where it is another array, key [steps, heads key
// width]; heads lie side by side in the last axis. Output [queries, heads value width]. Scores are [heads, batch, queries, steps].
// Attributes: `heads`; `causal`: query i sees steps up to i; `masked`: what masks do. A masked step has no weight, and
//     scores    a masked query, or one with no step left, weighs all steps alike (MultiHeadAttention),
//     weights   either gives no weight at all (the same under dropout, in Keras 3),
//     output    a query with no step left weighs all steps alike, and the output of a masked query is zero (Attention and
//               AdditiveAttention; the key's own mask is not read).

#include "libanalysis/engine/layer.hpp"

namespace assay::engine::layers {

class WeighedValues : public Layer {
public:
    explicit WeighedValues(const LayerSpec& spec);
    bool passes_mask() const final { return true; }         // the query's
    bool separate_masks() const final { return true; }
    double madds() const override;
    std::size_t saved_bytes() const override;

    void forward(Backend& lane, const Frame& frame) const final;
    void backward(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx, std::span<const View> gw) const final;
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const final;
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const final;
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const final;
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const final;
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const final;

protected:
    /// What the passes of the scores work on: the query and key among the inputs and their like.
    struct Pair { ConstView query, key; };
    struct Targets { View query, key; };

    /// Writes the scores; may append to frame.saved, from place 2 on.
    virtual void scores(Backend& lane, const Frame& frame, Pair x, View s) const = 0;
    /// Adds to g, and to gw where wanted.
    virtual void scores_reverse(Backend& lane, const Frame& frame, Pair x, ConstView gs, Targets g, std::span<const View> gw) const = 0;
    /// Writes ts; appends to `saved`, where there is one, what scores_reverse_tangent needs, from place 2 on. Empty tangents are zero.
    virtual void scores_tangent(Backend& lane, const Frame& frame, Pair x, Pair tx, std::span<const ConstView> tw, View ts,
                                std::vector<Buffer>* saved) const = 0;
    virtual void scores_reverse_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, Pair x, Pair tx, ConstView gs, ConstView tgs,
                                        Targets tg, std::span<const View> tgw) const = 0;

    std::int64_t heads_, queries_ = 1, steps_ = 1, key_width_ = 1, value_width_ = 1;   // widths of one head

private:
    enum class Masked : std::uint8_t { weights, scores, output };
    template <class V>
    V key_of(std::span<const V> views) const;
    Pair pair(std::span<const ConstView> views) const { return {views[0], key_of(views)}; }
    std::size_t sheet(const Frame& frame) const;    ///< scores of one head
    std::size_t size(const Frame& frame) const { return static_cast<std::size_t>(heads_) * sheet(frame); }
    std::int64_t rows(const Frame& frame) const { return heads_ * frame.batch * queries_; }
    ConstView seen(const Frame& frame) const { return frame.saved->at(1).const_view(); }   ///< what allowed() made
    void keep_seen(Backend& lane, const Frame& frame, View s) const;
    Buffer allowed(Backend& lane, const Frame& frame, DType type) const;
    Buffer under_query_mask(Backend& lane, const Frame& frame, ConstView x) const;
    void through_softmax(Backend& lane, const Frame& frame, ConstView p, ConstView g, View out) const;
    void weigh(Backend& lane, const Frame& frame, ConstView p, ConstView value, View y, bool accumulate) const;
    void weigh_back(Backend& lane, const Frame& frame, ConstView gy, ConstView value, View gp, bool accumulate) const;
    void value_back(Backend& lane, const Frame& frame, ConstView p, ConstView gy, View gvalue) const;

    bool causal_, own_key_ = false;
    Masked masked_ = Masked::scores;
};

}  // namespace assay::engine::layers
