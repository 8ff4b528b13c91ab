// Adaptive average pooling: the mean over windows that together cover the image, as many as `output_size` says by axis: window i of n
// over `cells` reaches from floor(i cells / n) to ceil((i + 1) cells / n) - 1. Windows may overlap and differ by a cell.

#include "libanalysis/engine/layers/resampling.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_pooling(const LayerSpec& spec) {
    const Shape& x = image_of(spec, 2);
    const std::vector<std::int64_t> size = spec.integers("output_size", 2);
    for (std::size_t axis = 0; axis < 2; ++axis) require_axis_map(spec, x[axis], size[axis]);
    return std::make_unique<Resampling>(adaptive_means(x[0], size[0]), adaptive_means(x[1], size[1]), x[2], Shape{size[0], size[1], x[2]});
}

}  // namespace

const LayerKind adaptive_average_pooling_2d_kind{"adaptive_average_pooling_2d", make_pooling};

}  // namespace assay::engine::layers
