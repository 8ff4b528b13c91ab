// AveragePooling1D: the mean over a window of time, [time, channels].

#include "libanalysis/engine/layers/average_pooling.hpp"

namespace assay::engine::layers {

const LayerKind average_pooling_1d_kind{"average_pooling_1d", make_average_pooling<1>};

}  // namespace assay::engine::layers
