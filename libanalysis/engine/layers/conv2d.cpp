// Conv2D: cross-correlation, NHWC, kernel [kh, kw, in / groups, filters], bias [filters].

#include "libanalysis/engine/layers/convolution.hpp"

namespace assay::engine::layers {
namespace {

class Conv2D final : public Convolution {
public:
    explicit Conv2D(const LayerSpec& spec) : Convolution(spec, 2, Channels::mixing) {}
};

}  // namespace

const LayerKind conv2d_kind{"conv2d", make<Conv2D>};

}  // namespace assay::engine::layers
