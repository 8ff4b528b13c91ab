#include "libanalysis/engine/layers/block.hpp"

namespace assay::engine::layers {
namespace {

template <class V>
V from(V view, std::int64_t offset) {
    return view.slice(static_cast<std::size_t>(offset), view.size - static_cast<std::size_t>(offset));
}

}  // namespace

Block::Block(const Shape& inner, const std::vector<Amounts>& border) : outer_(inner) {
    for (std::size_t axis = 0; axis < border.size(); ++axis) outer_[axis] += border[axis].before + border[axis].after;
    const std::size_t columns = border.size() - 1;
    const std::int64_t channels = inner.back();
    height_ = columns == 0 ? 1 : inner[0];
    outer_height_ = columns == 0 ? 1 : outer_[0];
    row_ = inner[columns] * channels;
    outer_row_ = outer_[columns] * channels;
    offset_ = (columns == 0 ? 0 : border[0].before * outer_row_) + border[columns].before * channels;
}

template <class Visit>
void Block::for_runs(std::int64_t batch, Visit&& visit) const {
    if (height_ == outer_height_) return visit(batch * height_, 0, offset_);
    for (std::int64_t n = 0; n < batch; ++n) visit(height_, n * height_ * row_, n * outer_height_ * outer_row_ + offset_);
}

void Block::put(Backend& lane, std::int64_t batch, ConstView inner, View outer, bool accumulate) const {
    for_runs(batch, [&](std::int64_t rows, std::int64_t at, std::int64_t outer_at) {
        lane.copy_block(rows, row_, from(inner, at), row_, from(outer, outer_at), outer_row_, accumulate);
    });
}

void Block::take(Backend& lane, std::int64_t batch, ConstView outer, View inner, bool accumulate) const {
    for_runs(batch, [&](std::int64_t rows, std::int64_t at, std::int64_t outer_at) {
        lane.copy_block(rows, row_, from(outer, outer_at), outer_row_, from(inner, at), row_, accumulate);
    });
}

}  // namespace assay::engine::layers
