// TimeDistributed: another layer on every step of [time, ...]. `kind` and `attributes` are that layer's; it sees time batch rows.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

class TimeDistributed final : public Layer {
public:
    explicit TimeDistributed(const LayerSpec& spec) : where_(spec.where) {
        spec.require_inputs(1);
        if (spec.inputs[0].size() < 2) spec.fail("an input with a time axis and more", "shape " + to_string(spec.inputs[0]));
        const Json inner = spec.attributes.value("attributes", Json::object());
        if (!inner.is_object()) spec.fail("`attributes` of the layer inside", inner.dump());
        time_ = spec.inputs[0][0];
        inner_ = make_layer(spec.text("kind", ""), {.where = spec.where, .attributes = inner, .inputs = {Shape(spec.inputs[0].begin() + 1, spec.inputs[0].end())},
                                                    .parameters = spec.parameters});
        if (inner_->makes_mask()) spec.fail("a layer inside that makes no mask", spec.text("kind", ""));
        output_shape_ = inner_->output_shape();
        output_shape_.insert(output_shape_.begin(), time_);
        recurrent_ = spec.text("kind", "") == "simple_rnn" || spec.text("kind", "") == "lstm" || spec.text("kind", "") == "gru";
    }
    bool integer_input() const override { return inner_->integer_input(); }
    bool passes_mask() const override { return true; }
    bool aliases_input() const override { return inner_->aliases_input(); }
    bool piecewise_linear() const override { return inner_->piecewise_linear(); }
    Reuse reuse() const override { return inner_->reuse(); }
    bool overwrites_gradients() const override { return inner_->overwrites_gradients(); }
    bool linear() const override { return inner_->linear(); }
    std::vector<double> kinks() const override { return inner_->kinks(); }
    double madds() const override { return static_cast<double>(time_) * inner_->madds(); }
    std::size_t saved_bytes() const override { return static_cast<std::size_t>(time_) * inner_->saved_bytes(); }
    void check_parameters(Backend& lane, std::span<const ConstView> parameters) const override { inner_->check_parameters(lane, parameters); }

    void forward(Backend& lane, const Frame& frame) const override {
        if (recurrent_ && !frame.masks.empty() && !frame.masks[0].empty())
            throw Error(ErrorKind::unsupported, {where_, "", "a recurrent layer on every step under a mask of the steps"});
        inner_->forward(lane, inside(frame));
    }
    void backward(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx, std::span<const View> gw) const override {
        inner_->backward(lane, inside(frame), gy, gx, gw);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        inner_->backward_input(lane, inside(frame), gy, gx);
    }
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        inner_->backward_weights(lane, inside(frame), gy, gw);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override { inner_->forward_tangent(lane, inside(frame), tangent); }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        inner_->weight_tangent(lane, inside(frame), tw, ty, accumulate);
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override {
        inner_->backward_tangent(lane, inside(frame), tangent, gy, tgy, tgx, tgw);
    }

private:
    /// [batch, time, ...] lies in memory as [batch time, ...] does.
    Frame inside(const Frame& frame) const {
        Frame result = frame;
        result.batch = frame.batch * time_;
        result.masks.assign(frame.masks.size(), ConstView{});
        return result;
    }
    std::string where_;
    std::int64_t time_ = 1;
    std::unique_ptr<Layer> inner_;
    bool recurrent_ = false;
};

}  // namespace

const LayerKind time_distributed_kind{"time_distributed", make<TimeDistributed>};

}  // namespace assay::engine::layers
