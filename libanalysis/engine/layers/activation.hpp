#pragma once
// The pointwise functions by the names that attributes use, with their parameters.

#include "libanalysis/engine/layer.hpp"

#include <vector>

namespace assay::engine::layers {

struct PointwiseFunction {
    Pointwise f = Pointwise::linear;
    PointwiseParameters parameters;
    bool piecewise_linear = true;
};

/// The function that `description` names: a word, or {"function": word} with the function's parameters beside it.
/// @throws Error{format} listing the functions there are, or naming the parameter that does not fit.
PointwiseFunction pointwise_function(const LayerSpec& spec, const Json& description);

}  // namespace assay::engine::layers
