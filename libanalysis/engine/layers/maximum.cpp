// Maximum: the largest of the inputs, entry by entry.

#include "libanalysis/engine/layers/extremum.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_maximum(const LayerSpec& spec) { return std::make_unique<Extremum>(spec, true); }

}  // namespace

const LayerKind maximum_kind{"maximum", make_maximum};

}  // namespace assay::engine::layers
