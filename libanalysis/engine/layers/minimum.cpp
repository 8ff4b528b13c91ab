// Minimum: the smallest of the inputs, entry by entry.

#include "libanalysis/engine/layers/extremum.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_minimum(const LayerSpec& spec) { return std::make_unique<Extremum>(spec, false); }

}  // namespace

const LayerKind minimum_kind{"minimum", make_minimum};

}  // namespace assay::engine::layers
