// MaxPooling1D: the largest value of a window of time, [time, channels].

#include "libanalysis/engine/layers/max_pooling.hpp"

namespace assay::engine::layers {
namespace {

class MaxPooling1D final : public MaxPooling {
public:
    explicit MaxPooling1D(const LayerSpec& spec) : MaxPooling(spec, 1) {}
};

}  // namespace

const LayerKind max_pooling_1d_kind{"max_pooling_1d", make<MaxPooling1D>};

}  // namespace assay::engine::layers
