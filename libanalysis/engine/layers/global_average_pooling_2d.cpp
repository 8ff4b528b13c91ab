// GlobalAveragePooling2D: the mean of every channel over the whole image; `keepdims` keeps two axes of extent 1.

#include "libanalysis/engine/layers/average_pooling.hpp"

namespace assay::engine::layers {
namespace {

class GlobalAveragePooling2D final : public AveragePooling {
public:
    explicit GlobalAveragePooling2D(const LayerSpec& spec) : AveragePooling({}) {
        spec.require_inputs(1);
        spec.require_rank(0, 3);
        const Shape& x = spec.inputs[0];
        geometry_ = {.in_h = x[0], .in_w = x[1], .channels = x[2], .pool_h = x[0], .pool_w = x[1], .stride_h = x[0], .stride_w = x[1]};
        output_shape_ = spec.boolean("keepdims", false) ? Shape{1, 1, x[2]} : Shape{x[2]};
    }
};

}  // namespace

const LayerKind global_average_pooling_2d_kind{"global_average_pooling_2d", make<GlobalAveragePooling2D>};

}  // namespace assay::engine::layers
