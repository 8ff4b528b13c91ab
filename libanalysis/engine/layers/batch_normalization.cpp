// BatchNormalization at inference: y = gamma (x - mean) / sqrt(variance + epsilon) + beta over the last axis. Parameters in
// this order: gamma (if scale), beta (if center), moving_mean, moving_variance; the moving statistics are constants.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

#include <fmt/format.h>

#include <cmath>

namespace assay::engine::layers {
namespace {

class BatchNormalization final : public Layer {
public:
    explicit BatchNormalization(const LayerSpec& spec) : where_(spec.where), epsilon_(spec.number("epsilon", 1e-3)) {
        spec.require_inputs(1);
        if (spec.inputs[0].empty()) spec.fail("an input with at least one axis", "a scalar");
        output_shape_ = spec.inputs[0];
        channels_ = spec.inputs[0].back();
        cells_ = element_count(spec.inputs[0]) / channels_;
        std::size_t next = 0;
        if (spec.boolean("scale", true)) spec.require_parameter(gamma_ = next++, {channels_}, "gamma");
        if (spec.boolean("center", true)) spec.require_parameter(beta_ = next++, {channels_}, "beta");
        spec.require_parameter(mean_ = next++, {channels_}, "moving_mean");
        spec.require_parameter(variance_ = next, {channels_}, "moving_variance");
    }
    bool passes_mask() const override { return true; }
    bool piecewise_linear() const override { return true; }
    bool linear() const override { return true; }

    // Saves the inverse deviation r, minus the mean, and gamma r, each [channels]; they are made in double.
    void forward(Backend& lane, const Frame& frame) const override {
        const std::vector<double> mean = lane.to_host(frame.parameters[mean_]), variance = lane.to_host(frame.parameters[variance_]);
        std::vector<double> scale(mean.size(), 1), offset(mean.size(), 0), inverse(mean.size()), minus_mean(mean.size());
        if (gamma_ != none) scale = lane.to_host(frame.parameters[gamma_]);
        if (beta_ != none) offset = lane.to_host(frame.parameters[beta_]);
        for (std::size_t c = 0; c < mean.size(); ++c) {
            if (variance[c] + epsilon_ <= 0)
                throw Error(ErrorKind::data, {where_, fmt::format("a moving_variance above -{:g} (minus epsilon)", epsilon_),
                                              fmt::format("{:g} in channel {}", variance[c], c)});
            inverse[c] = 1 / std::sqrt(variance[c] + epsilon_);
            minus_mean[c] = -mean[c];
            scale[c] *= inverse[c];
            offset[c] += minus_mean[c] * scale[c];
        }
        const DType type = frame.output.type;
        frame.saved->push_back(lane.from_host(inverse, type));
        frame.saved->push_back(lane.from_host(minus_mean, type));
        frame.saved->push_back(lane.from_host(scale, type));
        lane.multiply_row(scaling(frame), frame.inputs[0], frame.output, rows(frame), channels_, false);
        const Buffer shift = lane.from_host(offset, type);
        lane.add_row(shift.view(), frame.output, rows(frame), channels_);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) lane.multiply_row(scaling(frame), gy, gx[0], rows(frame), channels_, true);
    }
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        if (wanted(gw, gamma_)) {
            const Buffer normal = normalized(lane, frame);
            lane.column_dots(gy, normal.view(), rows(frame), channels_, gw[gamma_], true);
        }
        if (wanted(gw, beta_)) lane.column_sums(gy, rows(frame), channels_, gw[beta_], true);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        const ConstView tx = tangent.inputs[0];
        if (!tx.empty()) lane.multiply_row(scaling(frame), tx, tangent.output, rows(frame), channels_, false);
        weight_tangent(lane, frame, tangent.parameters, tangent.output, !tx.empty());
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        const ConstView tgamma = at_or_empty(tw, gamma_), tbeta = at_or_empty(tw, beta_);
        if (!tgamma.empty()) {
            const Buffer normal = normalized(lane, frame);
            lane.multiply_row(tgamma, normal.view(), ty, rows(frame), channels_, accumulate);
        } else if (!accumulate) {
            lane.fill(ty, 0);
        }
        if (!tbeta.empty()) lane.add_row(tbeta, ty, rows(frame), channels_);
    }
    // y is bilinear in gamma and x: the cross terms are gy r tgamma for x and <gy, r tx> for gamma.
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override {
        const ConstView tx = tangent.inputs[0], tgamma = at_or_empty<ConstView>(tangent.parameters, gamma_);
        if (!tgy.empty()) {
            backward_input(lane, frame, tgy, tgx);
            backward_weights(lane, frame, tgy, tgw);
        }
        const auto channels = static_cast<std::size_t>(channels_);
        Buffer row = lane.allocate(gy.type, channels);
        if (!tgx[0].empty() && !tgamma.empty()) {
            lane.multiply(tgamma, inverse(frame), row.view(), false);
            lane.multiply_row(row.view(), gy, tgx[0], rows(frame), channels_, true);
        }
        if (wanted(tgw, gamma_) && !tx.empty()) {
            lane.column_dots(gy, tx, rows(frame), channels_, row.view(), false);
            lane.multiply(row.view(), inverse(frame), tgw[gamma_], true);
        }
    }
    void weight_gradient_norms(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> norms) const override {
        for_each_gradient(lane, frame, gy, seeds, norms, [&](std::size_t j, ConstView gradients) {
            lane.row_dots(gradients, gradients, frame.batch, channels_, norms[j], true);
        });
    }
    void weight_gradient_squares(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> squares) const override {
        for_each_gradient(lane, frame, gy, seeds, squares, [&](std::size_t j, ConstView gradients) {
            lane.column_dots(gradients, gradients, frame.batch, channels_, squares[j], true);
        });
    }

private:
    /// visit(parameter, the samples' gradients [batch, channels]) for every seed.
    template <class Visit>
    void for_each_gradient(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> targets, Visit&& visit) const {
        Buffer normal, gradients = lane.allocate(gy.type, static_cast<std::size_t>(frame.batch * channels_));
        if (wanted(targets, gamma_)) normal = normalized(lane, frame);
        const auto sample = static_cast<std::size_t>(cells_ * channels_), channels = static_cast<std::size_t>(channels_);
        for (std::size_t k = 0; k < static_cast<std::size_t>(seeds); ++k) {
            const ConstView g = gy.slice(k * frame.output.size, frame.output.size);
            const auto each = [&](std::size_t parameter, auto&& reduce) {
                if (!wanted(targets, parameter)) return;
                for (std::size_t n = 0; n < static_cast<std::size_t>(frame.batch); ++n)
                    reduce(n, g.slice(n * sample, sample), gradients.view().slice(n * channels, channels));
                visit(parameter, gradients.const_view());
            };
            each(gamma_, [&](std::size_t n, ConstView one, View to) {
                lane.column_dots(one, normal.view().slice(n * sample, sample), cells_, channels_, to, false);
            });
            each(beta_, [&](std::size_t, ConstView one, View to) { lane.column_sums(one, cells_, channels_, to, false); });
        }
    }
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    static bool wanted(std::span<const View> views, std::size_t index) { return index < views.size() && !views[index].empty(); }
    static ConstView inverse(const Frame& frame) { return frame.saved->at(0).const_view(); }
    static ConstView scaling(const Frame& frame) { return frame.saved->at(2).const_view(); }
    std::int64_t rows(const Frame& frame) const { return frame.batch * cells_; }
    Buffer normalized(Backend& lane, const Frame& frame) const {   // (x - mean) r
        Buffer x = lane.allocate(frame.output.type, frame.output.size);
        lane.copy(frame.inputs[0], x.view());
        lane.add_row(frame.saved->at(1).const_view(), x.view(), rows(frame), channels_);
        lane.multiply_row(inverse(frame), x.view(), x.view(), rows(frame), channels_, false);
        return x;
    }
    std::string where_;
    double epsilon_;
    std::int64_t channels_ = 1, cells_ = 1;
    std::size_t gamma_ = none, beta_ = none, mean_ = none, variance_ = none;
};

}  // namespace

const LayerKind batch_normalization_kind{"batch_normalization", make<BatchNormalization>};

}  // namespace assay::engine::layers
