// Conv2DTranspose: the transpose of a Conv2D; kernel [kh, kw, filters / groups, in], bias [filters].

#include "libanalysis/engine/layers/transposed_convolution.hpp"

namespace assay::engine::layers {
namespace {

class Conv2DTranspose final : public TransposedConvolution {
public:
    explicit Conv2DTranspose(const LayerSpec& spec) : TransposedConvolution(spec, 2) {}
};

}  // namespace

const LayerKind conv2d_transpose_kind{"conv2d_transpose", make<Conv2DTranspose>};

}  // namespace assay::engine::layers
