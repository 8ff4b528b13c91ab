// Cropping1D: a sequence without its ends, `cropping` [[before, after]].

#include "libanalysis/engine/layers/cropping.hpp"

namespace assay::engine::layers {
namespace {

class Cropping1D final : public Cropping {
public:
    explicit Cropping1D(const LayerSpec& spec) : Cropping(spec, 1) {}
};

}  // namespace

const LayerKind cropping_1d_kind{"cropping_1d", make<Cropping1D>};

}  // namespace assay::engine::layers
