// UpSampling1D: every step `size` times, [time, channels].

#include "libanalysis/engine/layers/up_sampling.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_repetition(const LayerSpec& spec) {
    return std::make_unique<Repetition>(image_of(spec, 1), spec.integers("size", 1));
}

}  // namespace

const LayerKind up_sampling_1d_kind{"up_sampling_1d", make_repetition};

}  // namespace assay::engine::layers
