// Rescaling: y = scale x + offset, with numbers that are not parameters: one of each, or one for every place in the last axis.

#include "libanalysis/engine/layers/linear_layer.hpp"

#include <cmath>

namespace assay::engine::layers {
namespace {

class Rescaling final : public LinearLayer {
public:
    explicit Rescaling(const LayerSpec& spec) : scale_(numbers(spec, "scale", 1)), offset_(numbers(spec, "offset", 0)) {
        spec.require_inputs(1);
        output_shape_ = spec.inputs[0];
        const std::size_t channels = output_shape_.empty() ? 1 : static_cast<std::size_t>(output_shape_.back());
        per_channel_ = scale_.size() > 1 || offset_.size() > 1;
        for (std::vector<double>* row : {&scale_, &offset_}) {
            if (row->size() != 1 && row->size() != channels) spec.fail("one number or " + std::to_string(channels) + " for the last axis", std::to_string(row->size()));
            if (per_channel_ && row->size() == 1) row->assign(channels, row->front());
        }
    }
    void forward(Backend& lane, const Frame& frame) const override {
        if (!per_channel_) {
            lane.fill(frame.output, offset_[0]);
            lane.axpy(scale_[0], frame.inputs[0], frame.output);
            return;
        }
        const DType type = frame.output.type;
        lane.affine_rows(frame.inputs[0], lane.from_host(scale_, type).const_view(), {}, {}, lane.from_host(offset_, type).const_view(), frame.output,
                         rows(frame.output), channels(), false);
    }

protected:
    void apply(Backend& lane, std::int64_t, std::span<const ConstView> inputs, View y) const override {
        if (per_channel_) return lane.multiply_row(lane.from_host(scale_, y.type).const_view(), inputs[0], y, rows(y), channels(), false);
        lane.copy(inputs[0], y);
        lane.scale(scale_[0], y);
    }
    void transpose(Backend& lane, const Frame&, ConstView gy, std::span<const View> gx) const override {
        if (per_channel_) return lane.multiply_row(lane.from_host(scale_, gy.type).const_view(), gy, gx[0], rows(gy), channels(), true);
        lane.axpy(scale_[0], gy, gx[0]);
    }

private:
    static std::vector<double> numbers(const LayerSpec& spec, const char* key, double otherwise) {
        const Json list = spec.attributes.value(key, Json());
        if (!list.is_array()) return {spec.number(key, otherwise)};
        std::vector<double> result;
        for (const Json& item : list) {
            if (!item.is_number() || !std::isfinite(item.get<double>())) spec.fail(std::string("finite numbers `") + key + "`", item.dump());
            result.push_back(item.get<double>());
        }
        return result;
    }
    std::int64_t channels() const { return static_cast<std::int64_t>(scale_.size()); }
    std::int64_t rows(ConstView x) const { return static_cast<std::int64_t>(x.size) / channels(); }
    std::vector<double> scale_, offset_;   ///< of one length
    bool per_channel_ = false;
};

}  // namespace

const LayerKind rescaling_kind{"rescaling", make<Rescaling>};

}  // namespace assay::engine::layers
