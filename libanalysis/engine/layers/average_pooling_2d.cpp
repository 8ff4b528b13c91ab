// AveragePooling2D: the mean over a window, NHWC; padding cells are not counted.

#include "libanalysis/engine/layers/average_pooling.hpp"
#include "libanalysis/engine/layers/pooling.hpp"

namespace assay::engine::layers {
namespace {

class AveragePooling2D final : public AveragePooling {
public:
    explicit AveragePooling2D(const LayerSpec& spec) : AveragePooling(pool_geometry(spec)) {
        output_shape_ = {geometry_.out_h, geometry_.out_w, geometry_.channels};
    }
};

}  // namespace

const LayerKind average_pooling_2d_kind{"average_pooling_2d", make<AveragePooling2D>};

}  // namespace assay::engine::layers
