#pragma once
// The pointwise functions by the names that attributes use.

#include "libanalysis/engine/layer.hpp"

namespace assay::engine::layers {

/// @throws Error{format} listing the functions there are.
Pointwise pointwise_function(const LayerSpec& spec, std::string_view function);

}  // namespace assay::engine::layers
