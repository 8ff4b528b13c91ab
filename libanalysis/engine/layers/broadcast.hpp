#pragma once
// One array spread over the shape of another, as NumPy does it: axes are counted from the last one, and an axis of extent 1 is
// repeated.

#include "libanalysis/engine/layer.hpp"

#include <vector>

namespace assay::engine::layers {

/// The shape that `shapes` are spread to. An axis where some say 1 has the extent of the others.
/// @throws Error{format} for shapes that do not fit together.
Shape broadcast_shape(const LayerSpec& spec);

/// Whether a mask over the first axis of `input` fits the first axis of `output`.
inline bool carries_mask(const Shape& input, const Shape& output) { return input.size() == output.size() && (input.empty() || input[0] == output[0]); }

class Broadcast {
public:
    /// Shapes are those of one row; a batch axis comes before both, or only before `to` where `from` is a parameter's.
    Broadcast(const Shape& from, const Shape& to, bool from_has_batch = true);
    bool same() const { return same_; }
    void expand(Backend& lane, std::int64_t batch, ConstView x, View y, bool accumulate) const;
    /// The transpose: gx (+)= the sums of gy over the axes that are repeated.
    void reduce(Backend& lane, std::int64_t batch, ConstView gy, View gx, bool accumulate) const;

private:
    struct Axis { std::int64_t extent; bool repeated, is_batch; };
    /// The shape of `to` with the repeated axes in front, and how to get there and back.
    struct Order {
        std::int64_t repeats = 1, kept = 1;
        std::vector<std::int64_t> shape, order, moved_shape, back;
        bool moves = false;
    };
    Order order(std::int64_t batch) const;
    std::vector<Axis> axes_;   ///< of `to`, neighbours of one kind as one axis
    bool same_;
};

}  // namespace assay::engine::layers
