#pragma once
// What every layer file shares: the declarations of the rows of layers.def, and a factory.

#include "libanalysis/engine/layer.hpp"

#include <memory>

namespace assay::engine::layers {

#define ASSAY_LAYER(name) extern const LayerKind name##_kind;
#include "libanalysis/engine/layers/layers.def"
#undef ASSAY_LAYER

template <class L>
std::unique_ptr<Layer> make(const LayerSpec& spec) {
    return std::make_unique<L>(spec);
}

/// The view at `index`, or an empty one where the list is shorter.
template <class V>
V at_or_empty(std::span<const V> views, std::size_t index) {
    return index < views.size() ? views[index] : V{};
}

/// True when every view is empty: a tangent that is zero, gradients that nobody wants.
template <class Views>
bool all_empty(const Views& views) {
    for (const auto& view : views)
        if (!view.empty()) return false;
    return true;
}

}  // namespace assay::engine::layers
