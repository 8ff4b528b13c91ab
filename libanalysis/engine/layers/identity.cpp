// Identity: what is left at inference of dropout, noise and other layers that act in training only.

#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {
namespace {

class Identity final : public AliasLayer {
public:
    explicit Identity(const LayerSpec& spec) {
        spec.require_inputs(1);
        output_shape_ = spec.inputs[0];
    }
    bool passes_mask() const override { return true; }
};

}  // namespace

const LayerKind identity_kind{"identity", make<Identity>};

}  // namespace assay::engine::layers
