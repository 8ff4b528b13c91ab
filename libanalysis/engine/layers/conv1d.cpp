// Conv1D: cross-correlation over time, [time, channels]; kernel [size, in / groups, filters], bias [filters].

#include "libanalysis/engine/layers/convolution.hpp"

namespace assay::engine::layers {
namespace {

class Conv1D final : public Convolution {
public:
    explicit Conv1D(const LayerSpec& spec) : Convolution(spec, 1, Channels::mixing) {}
};

}  // namespace

const LayerKind conv1d_kind{"conv1d", make<Conv1D>};

}  // namespace assay::engine::layers
