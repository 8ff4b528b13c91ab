#pragma once
// Where an image lies inside a larger one, [rows, columns, channels] or [columns, channels]: padding puts it there, cropping takes it.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/window.hpp"

namespace assay::engine::layers {

class Block {
public:
    /// `inner`: the shape of the smaller one; `border`: by axis.
    Block(const Shape& inner, const std::vector<Amounts>& border);
    const Shape& outer() const { return outer_; }
    void put(Backend& lane, std::int64_t batch, ConstView inner, View outer, bool accumulate) const;    ///< the border is left alone
    void take(Backend& lane, std::int64_t batch, ConstView outer, View inner, bool accumulate) const;

private:
    /// visit(rows, offset in the inner array, offset in the outer one) for runs of rows at one distance.
    template <class Visit>
    void for_runs(std::int64_t batch, Visit&& visit) const;
    Shape outer_;
    std::int64_t height_, row_, outer_height_, outer_row_, offset_;
};

}  // namespace assay::engine::layers
