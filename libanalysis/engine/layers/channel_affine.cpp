#include "libanalysis/engine/layers/channel_affine.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace assay::engine::layers {
namespace {

class ChannelAffineLayer final : public Layer {
public:
    ChannelAffineLayer(const LayerSpec& spec, const ChannelAffine& settings, const Shape& shape)
        : where_(spec.where), epsilon_(settings.epsilon), least_(settings.least) {
        output_shape_ = spec.inputs[0];
        channels_ = element_count(shape);
        cells_ = element_count(spec.inputs[0]) / channels_;
        std::size_t next = 0;
        if (settings.gamma) spec.require_parameter(gamma_ = next++, shape, "gamma");
        if (settings.beta) spec.require_parameter(beta_ = next++, shape, "beta");
        spec.require_parameter(mean_ = next++, shape, "moving_mean");
        spec.require_parameter(variance_ = next, shape, "moving_variance");
    }
    bool passes_mask() const override { return true; }
    bool piecewise_linear() const override { return true; }
    bool overwrites_gradients() const override { return true; }
    Reuse reuse() const override { return Reuse::entry_by_entry; }
    bool linear() const override { return true; }

    void check_parameters(Backend& lane, std::span<const ConstView> parameters) const override { require_variances(lane.to_host(parameters[variance_])); }
    // Saves the inverse deviation r, minus the mean, and gamma r, each [channels]; they are made in double.
    void forward(Backend& lane, const Frame& frame) const override {
        const Buffer shift = lane.on_host() ? prepare_on_host(lane, frame) : prepare_on_device(lane, frame);
        lane.affine_rows(frame.inputs[0], scaling(frame), {}, {}, shift.view(), frame.output, rows(frame), channels_, false);
    }
    void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override {
        if (!gx[0].empty()) lane.multiply_row(scaling(frame), gy, gx[0], rows(frame), channels_, frame.adds(0));
    }
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        if (wanted(gw, gamma_)) {   // <gy, (x - mean) r>
            Buffer row = lane.allocate(gy.type, static_cast<std::size_t>(channels_));
            lane.column_dots(gy, frame.inputs[0], minus_mean(frame), rows(frame), channels_, row.view(), false);
            lane.multiply(row.view(), inverse(frame), gw[gamma_], true);
        }
        if (wanted(gw, beta_)) lane.column_sums(gy, rows(frame), channels_, gw[beta_], true);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        const ConstView tx = tangent.inputs[0], tgamma = at_or_empty<ConstView>(tangent.parameters, gamma_), tbeta = at_or_empty<ConstView>(tangent.parameters, beta_);
        if (tx.empty()) return weight_tangent(lane, frame, tangent.parameters, tangent.output, false);
        if (tgamma.empty()) return lane.affine_rows(tx, scaling(frame), {}, {}, tbeta, tangent.output, rows(frame), channels_, false);
        const auto [slope, shift] = weight_direction(lane, frame, tgamma, tbeta);
        lane.affine_rows(tx, scaling(frame), frame.inputs[0], slope.view(), shift.view(), tangent.output, rows(frame), channels_, false);
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        const ConstView tgamma = at_or_empty(tw, gamma_), tbeta = at_or_empty(tw, beta_);
        if (!tgamma.empty()) {
            const auto [slope, shift] = weight_direction(lane, frame, tgamma, tbeta);
            return lane.affine_rows(frame.inputs[0], slope.view(), {}, {}, shift.view(), ty, rows(frame), channels_, accumulate);
        }
        if (!accumulate) lane.fill(ty, 0);
        if (!tbeta.empty()) lane.add_row(tbeta, ty, rows(frame), channels_);
    }
    // y is bilinear in gamma and x: the cross terms are gy r tgamma for x and <gy, r tx> for gamma.
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy, std::span<const View> tgx,
                          std::span<const View> tgw) const override {
        const ConstView tx = tangent.inputs[0], tgamma = at_or_empty<ConstView>(tangent.parameters, gamma_);
        Buffer row = lane.allocate(gy.type, static_cast<std::size_t>(channels_));
        if (!tgx[0].empty()) {
            if (!tgamma.empty()) lane.multiply(tgamma, inverse(frame), row.view(), false);
            if (!tgy.empty() && !tgamma.empty()) lane.affine_rows(tgy, scaling(frame), gy, row.view(), {}, tgx[0], rows(frame), channels_, frame.adds(0));
            else if (!tgy.empty()) lane.multiply_row(scaling(frame), tgy, tgx[0], rows(frame), channels_, frame.adds(0));
            else if (!tgamma.empty()) lane.multiply_row(row.view(), gy, tgx[0], rows(frame), channels_, frame.adds(0));
            else if (!frame.adds(0)) lane.fill(tgx[0], 0);
        }
        if (!tgy.empty()) backward_weights(lane, frame, tgy, tgw);
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
    void require_variances(const std::vector<double>& variance) const {
        for (std::size_t c = 0; c < variance.size(); ++c)
            if (least_ > 0 ? variance[c] + epsilon_ < 0 : variance[c] + epsilon_ <= 0)
                throw Error(ErrorKind::data, {where_, least_ > 0 ? "a moving_variance of at least 0" : fmt::format("a moving_variance above -{:g} (minus epsilon)", epsilon_),
                                              fmt::format("{:g} in channel {}", variance[c], c)});
    }
    /// Saves what forward saves and returns the shift beta - mean gamma r.
    Buffer prepare_on_host(Backend& lane, const Frame& frame) const {
        const std::vector<double> mean = lane.to_host(frame.parameters[mean_]), variance = lane.to_host(frame.parameters[variance_]);
        require_variances(variance);
        std::vector<double> scale(mean.size(), 1), offset(mean.size(), 0), inverse(mean.size()), minus_mean(mean.size());
        if (gamma_ != none) scale = lane.to_host(frame.parameters[gamma_]);
        if (beta_ != none) offset = lane.to_host(frame.parameters[beta_]);
        for (std::size_t c = 0; c < mean.size(); ++c) {
            inverse[c] = 1 / std::max(std::sqrt(variance[c] + epsilon_), least_);
            minus_mean[c] = -mean[c];
            scale[c] *= inverse[c];
            offset[c] += minus_mean[c] * scale[c];
        }
        const DType type = frame.output.type;
        frame.saved->push_back(lane.from_host(inverse, type));
        frame.saved->push_back(lane.from_host(minus_mean, type));
        frame.saved->push_back(lane.from_host(scale, type));
        return lane.from_host(offset, type);
    }
    /// The same steps in a device's float64: nothing passes through the host.
    Buffer prepare_on_device(Backend& lane, const Frame& frame) const {
        const auto channels = static_cast<std::size_t>(channels_);
        const auto wide = [&](std::size_t parameter, double otherwise) {
            Buffer values = lane.allocate(DType::float64, channels);
            if (parameter == none) lane.fill(values.view(), otherwise);
            else lane.copy(frame.parameters[parameter], values.view());
            return values;
        };
        Buffer minus_mean = wide(mean_, 0), variance = wide(variance_, 1), scale = wide(gamma_, 1), offset = wide(beta_, 0);
        Buffer deviation = lane.allocate(DType::float64, channels), inverse = wide(none, epsilon_);
        lane.axpy(1, variance.view(), inverse.view());
        lane.map(Pointwise::sqrt, {}, inverse.view(), deviation.view());
        if (least_ > 0) lane.map(Pointwise::threshold, {least_, least_}, deviation.view(), deviation.view());
        lane.map(Pointwise::reciprocal, {}, deviation.view(), inverse.view());
        lane.scale(-1, minus_mean.view());
        lane.multiply(scale.view(), inverse.view(), scale.view(), false);
        lane.multiply(minus_mean.view(), scale.view(), offset.view(), true);
        const auto rounded = [&](Buffer values) {
            if (frame.output.type == DType::float64) return values;
            Buffer result = lane.allocate(frame.output.type, channels);
            lane.copy(values.view(), result.view());
            return result;
        };
        for (Buffer* saved : {&inverse, &minus_mean, &scale}) frame.saved->push_back(rounded(std::move(*saved)));
        return rounded(std::move(offset));
    }
    /// visit(parameter, the samples' gradients [batch, channels]) for every seed.
    template <class Visit>
    void for_each_gradient(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> targets, Visit&& visit) const {
        Buffer gradients = lane.allocate(gy.type, static_cast<std::size_t>(frame.batch * channels_));
        const auto sample = static_cast<std::size_t>(cells_ * channels_), channels = static_cast<std::size_t>(channels_);
        for (std::size_t k = 0; k < static_cast<std::size_t>(seeds); ++k) {
            const ConstView g = gy.slice(k * frame.output.size, frame.output.size);
            const auto each = [&](std::size_t parameter, auto&& reduce) {
                if (!wanted(targets, parameter)) return;
                for (std::size_t n = 0; n < static_cast<std::size_t>(frame.batch); ++n)
                    reduce(n, g.slice(n * sample, sample), gradients.view().slice(n * channels, channels));
                if (parameter == gamma_) lane.multiply_row(inverse(frame), gradients.view(), gradients.view(), frame.batch, channels_, false);
                visit(parameter, gradients.const_view());
            };
            each(gamma_, [&](std::size_t n, ConstView one, View to) {   // <gy, (x - mean) r>, r at the end
                lane.column_dots(one, frame.inputs[0].slice(n * sample, sample), minus_mean(frame), cells_, channels_, to, false);
            });
            each(beta_, [&](std::size_t, ConstView one, View to) { lane.column_sums(one, cells_, channels_, to, false); });
        }
    }
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    static bool wanted(std::span<const View> views, std::size_t index) { return index < views.size() && !views[index].empty(); }
    static ConstView inverse(const Frame& frame) { return frame.saved->at(0).const_view(); }
    static ConstView minus_mean(const Frame& frame) { return frame.saved->at(1).const_view(); }
    static ConstView scaling(const Frame& frame) { return frame.saved->at(2).const_view(); }
    std::int64_t rows(const Frame& frame) const { return frame.batch * cells_; }
    /// What moving gamma and beta does to y: x slope + shift, with slope = r tgamma and shift = tbeta - mean slope.
    std::pair<Buffer, Buffer> weight_direction(Backend& lane, const Frame& frame, ConstView tgamma, ConstView tbeta) const {
        const auto channels = static_cast<std::size_t>(channels_);
        Buffer slope = lane.allocate(tgamma.type, channels), shift = lane.zeros(tgamma.type, channels);
        lane.multiply(tgamma, inverse(frame), slope.view(), false);
        if (!tbeta.empty()) lane.copy(tbeta, shift.view());
        lane.multiply(slope.view(), minus_mean(frame), shift.view(), true);
        return {std::move(slope), std::move(shift)};
    }
    std::string where_;
    double epsilon_, least_;
    std::int64_t channels_ = 1, cells_ = 1;
    std::size_t gamma_ = none, beta_ = none, mean_ = none, variance_ = none;
};

}  // namespace

std::unique_ptr<Layer> make_channel_affine(const LayerSpec& spec, const ChannelAffine& settings, const Shape& shape) {
    return std::make_unique<ChannelAffineLayer>(spec, settings, shape);
}

}  // namespace assay::engine::layers
