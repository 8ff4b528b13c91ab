// GroupNormalization (Wu and He 2018): the last axis in `groups` parts (-1: every place is one), each normalised with all the axes before it; gamma and beta
// have a number for every place in the last axis.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/row_normalization.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_group_normalization(const LayerSpec& spec) {
    spec.require_inputs(1);
    if (spec.inputs[0].empty()) spec.fail("an input with at least one axis", "a scalar");
    const std::int64_t channels = spec.inputs[0].back(), given = spec.integer("groups"), groups = given == -1 ? channels : given;
    if (groups < 1 || channels % groups != 0) spec.fail("`groups` that divide " + std::to_string(channels) + " channels", std::to_string(groups));
    return make_row_normalization(spec, {.epsilon = spec.number("epsilon", 1e-3)}, {.parameters = {channels}, .groups = groups});
}

}  // namespace

const LayerKind group_normalization_kind{"group_normalization", make_group_normalization};

}  // namespace assay::engine::layers
