// MaxPooling2D: the largest value of a window, NHWC.

#include "libanalysis/engine/layers/max_pooling.hpp"

namespace assay::engine::layers {
namespace {

class MaxPooling2D final : public MaxPooling {
public:
    explicit MaxPooling2D(const LayerSpec& spec) : MaxPooling(spec, 2) {}
};

}  // namespace

const LayerKind max_pooling_2d_kind{"max_pooling_2d", make<MaxPooling2D>};

}  // namespace assay::engine::layers
