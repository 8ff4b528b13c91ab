// UpSampling2D: an image `size` times as high and wide. `interpolation` nearest: every cell is repeated; bilinear: between the centres of
// the four nearest cells.

#include "libanalysis/engine/layers/resampling.hpp"
#include "libanalysis/engine/layers/up_sampling.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_up_sampling(const LayerSpec& spec) {
    const Shape& x = image_of(spec, 2);
    const std::vector<std::int64_t> size = spec.integers("size", 2);
    const std::string interpolation = spec.text("interpolation", "nearest");
    if (interpolation == "nearest") return std::make_unique<Repetition>(x, size);
    if (interpolation != "bilinear") spec.fail("`interpolation` nearest or bilinear", interpolation);
    for (std::size_t axis = 0; axis < 2; ++axis) require_axis_map(spec, x[axis], x[axis] * size[axis]);
    const Shape output{x[0] * size[0], x[1] * size[1], x[2]};
    return std::make_unique<Resampling>(linear_interpolation(x[0], output[0]), linear_interpolation(x[1], output[1]), x[2], output);
}

}  // namespace

const LayerKind up_sampling_2d_kind{"up_sampling_2d", make_up_sampling};

}  // namespace assay::engine::layers
