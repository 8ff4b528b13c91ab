#include "libanalysis/engine/layers/broadcast.hpp"

#include <algorithm>

namespace assay::engine::layers {

Shape broadcast_shape(const LayerSpec& spec) {
    Shape result;
    for (const Shape& shape : spec.inputs) {
        if (shape.size() > result.size()) result.insert(result.begin(), shape.size() - result.size(), 1);
        for (std::size_t i = 0; i < shape.size(); ++i) {
            std::int64_t& extent = result[result.size() - shape.size() + i];
            if (shape[i] != extent && shape[i] != 1 && extent != 1)
                spec.fail("inputs of one shape, or whose axes are as long as one another or 1, like " + to_string(spec.inputs[0]), "shape " + to_string(shape));
            extent = std::max(extent, shape[i]);
        }
    }
    return result;
}

Broadcast::Broadcast(const Shape& from, const Shape& to, bool from_has_batch) : same_(from_has_batch && element_count(from) == element_count(to)) {
    axes_.push_back({1, !from_has_batch, true});
    for (std::size_t i = 0; i < to.size(); ++i) {
        const std::size_t missing = to.size() - from.size();
        if (to[i] == 1) continue;
        const bool repeated = i < missing || from[i - missing] == 1;
        if (axes_.back().repeated == repeated) axes_.back().extent *= to[i];
        else axes_.push_back({to[i], repeated, false});
    }
}

Broadcast::Order Broadcast::order(std::int64_t batch) const {
    Order result;
    std::vector<std::size_t> moved;
    for (const bool repeated : {true, false})
        for (std::size_t i = 0; i < axes_.size(); ++i)
            if (axes_[i].repeated == repeated) moved.push_back(i);
    result.back.resize(axes_.size());
    for (const Axis& axis : axes_) result.shape.push_back(axis.is_batch ? axis.extent * batch : axis.extent);
    for (std::size_t i = 0; i < moved.size(); ++i) {
        (axes_[moved[i]].repeated ? result.repeats : result.kept) *= result.shape[moved[i]];
        result.order.push_back(static_cast<std::int64_t>(moved[i]));
        result.moved_shape.push_back(result.shape[moved[i]]);
        result.back[moved[i]] = static_cast<std::int64_t>(i);
        result.moves = result.moves || moved[i] != i;
    }
    return result;
}

void Broadcast::expand(Backend& lane, std::int64_t batch, ConstView x, View y, bool accumulate) const {
    const Order to = order(batch);
    if (!to.moves) return lane.copy_block(to.repeats, to.kept, x, 0, y, to.kept, accumulate);
    Buffer moved = lane.allocate(y.type, y.size);
    lane.copy_block(to.repeats, to.kept, x, 0, moved.view(), to.kept, false);
    lane.permute(moved.view(), to.moved_shape, to.back, y, accumulate);
}

void Broadcast::reduce(Backend& lane, std::int64_t batch, ConstView gy, View gx, bool accumulate) const {
    const Order to = order(batch);
    if (!to.moves) return lane.column_sums(gy, to.repeats, to.kept, gx, accumulate);
    Buffer moved = lane.allocate(gy.type, gy.size);
    lane.permute(gy, to.shape, to.order, moved.view(), false);
    lane.column_sums(moved.view(), to.repeats, to.kept, gx, accumulate);
}

}  // namespace assay::engine::layers
