#pragma once
// A linear map of each axis of an image, the same for all channels: y[i, j, c] = sum_hw rows[i, h] columns[j, w] x[h, w, c].
// For maps that no primitive has: interpolation, means over uneven windows.

#include "libanalysis/engine/layers/linear_layer.hpp"
#include "libanalysis/engine/layers/window.hpp"

#include <vector>

namespace assay::engine::layers {

/// Of one axis: [out, in].
struct AxisMap {
    std::int64_t out = 1, in = 1;
    std::vector<double> weights{1};
};

/// @throws Error{format} for axes whose pairs of cells are too many for a map, more than 2^24.
void require_axis_map(const LayerSpec& spec, std::int64_t in, std::int64_t out);

AxisMap window_means(const Window& window);                                ///< the mean of each window, its padding counted as zeros
AxisMap adaptive_means(std::int64_t in, std::int64_t out);                 ///< mean of floor(i in / out) .. ceil((i + 1) in / out) - 1
/// Between the two nearest cells; the centre of output i is at (i + 1/2) in / out, beyond the outermost centres their values stay.
AxisMap linear_interpolation(std::int64_t in, std::int64_t out);

class Resampling final : public LinearLayer {
public:
    Resampling(AxisMap rows, AxisMap columns, std::int64_t channels, Shape output);
    bool overwrites_gradients() const override { return true; }
    double madds() const override;

protected:
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const override;
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const override;

private:
    AxisMap rows_, columns_;
    std::int64_t channels_, row_;   // row_: values of one row of the output
};

}  // namespace assay::engine::layers
