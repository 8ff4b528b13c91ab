// AveragePooling2D: the mean over a window, NHWC.

#include "libanalysis/engine/layers/average_pooling.hpp"

namespace assay::engine::layers {

const LayerKind average_pooling_2d_kind{"average_pooling_2d", make_average_pooling<2>};

}  // namespace assay::engine::layers
