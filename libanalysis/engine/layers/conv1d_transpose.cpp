// Conv1DTranspose: the transpose of a Conv1D; kernel [size, filters / groups, in], bias [filters].

#include "libanalysis/engine/layers/transposed_convolution.hpp"

namespace assay::engine::layers {
namespace {

class Conv1DTranspose final : public TransposedConvolution {
public:
    explicit Conv1DTranspose(const LayerSpec& spec) : TransposedConvolution(spec, 1) {}
};

}  // namespace

const LayerKind conv1d_transpose_kind{"conv1d_transpose", make<Conv1DTranspose>};

}  // namespace assay::engine::layers
