// Flatten: all axes of a row become one, in row-major order.

#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {
namespace {

class Flatten final : public AliasLayer {
public:
    explicit Flatten(const LayerSpec& spec) {
        spec.require_inputs(1);
        output_shape_ = {element_count(spec.inputs[0])};
    }
};

}  // namespace

const LayerKind flatten_kind{"flatten", make<Flatten>};

}  // namespace assay::engine::layers
