#include "libanalysis/engine/layers/extremum.hpp"

namespace assay::engine::layers {

Extremum::Extremum(const LayerSpec& spec, bool largest) : largest_(largest) {
    output_shape_ = broadcast_shape(spec);
    for (const Shape& shape : spec.inputs) spread_.emplace_back(shape, output_shape_);
    passes_mask_ = carries_mask(spec.inputs[0], output_shape_);
}

// Saves for every input where it is chosen, as 0 or 1.
void Extremum::forward(Backend& lane, const Frame& frame) const {
    const DType type = frame.output.type;
    const std::size_t size = frame.output.size;
    std::vector<Buffer>& chosen = *frame.saved;
    Buffer owner, difference = lane.allocate(type, size), ones = lane.allocate(type, size), keeps = lane.allocate(type, size);
    lane.fill(ones.view(), 1);
    for (std::size_t i = 0; i < frame.inputs.size(); ++i) {
        const ConstView x = in_output_shape(lane, frame, i, frame.inputs[i], owner);
        chosen.push_back(lane.allocate(type, size));
        const View here = chosen.back().view();
        if (i == 0) {
            lane.fill(here, 1);
            lane.copy(x, frame.output);
            continue;
        }
        lane.copy(x, difference.view());
        lane.axpy(-1, frame.output, difference.view());
        if (!largest_) lane.scale(-1, difference.view());
        lane.map_first(Pointwise::relu, {}, difference.view(), ones.view(), here, false);
        lane.copy(ones.view(), keeps.view());
        lane.axpy(-1, here, keeps.view());
        for (std::size_t j = 0; j < i; ++j) lane.multiply(keeps.view(), chosen[j].view(), chosen[j].view(), false);
        lane.multiply(keeps.view(), frame.output, frame.output, false);
        lane.multiply(here, x, frame.output, true);
    }
}

void Extremum::backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const {
    for (std::size_t i = 0; i < gx.size(); ++i) {
        if (gx[i].empty()) continue;
        const ConstView chosen = frame.saved->at(i).const_view();
        if (spread_[i].same()) {
            lane.multiply(chosen, gy, gx[i], true);
            continue;
        }
        Buffer all = lane.allocate(gy.type, gy.size);
        lane.multiply(chosen, gy, all.view(), false);
        spread_[i].reduce(lane, frame.batch, all.view(), gx[i], true);
    }
}

void Extremum::forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const {
    lane.fill(tangent.output, 0);
    Buffer owner;
    for (std::size_t i = 0; i < tangent.inputs.size(); ++i)
        if (!tangent.inputs[i].empty())
            lane.multiply(frame.saved->at(i).const_view(), in_output_shape(lane, frame, i, tangent.inputs[i], owner), tangent.output, true);
}

void Extremum::backward_tangent(Backend& lane, const Frame& frame, const Tangent&, ConstView, ConstView tgy, std::span<const View> tgx,
                                std::span<const View>) const {
    if (!tgy.empty()) backward_input(lane, frame, tgy, tgx);
}

ConstView Extremum::in_output_shape(Backend& lane, const Frame& frame, std::size_t i, ConstView x, Buffer& owner) const {
    if (spread_[i].same()) return x;
    owner = lane.allocate(frame.output.type, frame.output.size);
    spread_[i].expand(lane, frame.batch, x, owner.view(), false);
    return owner.const_view();
}

}  // namespace assay::engine::layers
