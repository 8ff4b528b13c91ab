#include "libanalysis/engine/layers/weighted_sum.hpp"

#include <utility>

namespace assay::engine::layers {

WeightedSum::WeightedSum(const LayerSpec& spec, std::vector<double> factors) : factors_(std::move(factors)) {
    output_shape_ = broadcast_shape(spec);
    for (std::size_t i = 0; i < spec.inputs.size(); ++i) {
        spread_.emplace_back(spec.inputs[i], output_shape_);
        plain_ = plain_ && factors_[i] == 1 && spread_.back().same();
    }
    passes_mask_ = carries_mask(spec.inputs[0], output_shape_);
}

void WeightedSum::apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const {
    bool first = true;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].empty()) continue;
        if (!spread_[i].same()) {
            Buffer scaled = lane.allocate(y.type, inputs[i].size);
            lane.copy(inputs[i], scaled.view());
            lane.scale(factors_[i], scaled.view());
            spread_[i].expand(lane, batch, scaled.view(), y, !first);
        } else if (first) {
            lane.copy(inputs[i], y);
            if (factors_[i] != 1) lane.scale(factors_[i], y);
        } else {
            lane.axpy(factors_[i], inputs[i], y);
        }
        first = false;
    }
}

void WeightedSum::transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const {
    for (std::size_t i = 0; i < gx.size(); ++i) {
        if (gx[i].empty()) continue;
        if (!spread_[i].same()) {
            Buffer sums = lane.allocate(gy.type, gx[i].size);
            spread_[i].reduce(lane, frame.batch, gy, sums.view(), false);
            if (!frame.adds(i)) lane.fill(gx[i], 0);
            lane.axpy(factors_[i], sums.view(), gx[i]);
        } else if (frame.adds(i)) {
            lane.axpy(factors_[i], gy, gx[i]);
        } else {
            lane.copy(gy, gx[i]);
            if (factors_[i] != 1) lane.scale(factors_[i], gx[i]);
        }
    }
}

}  // namespace assay::engine::layers
