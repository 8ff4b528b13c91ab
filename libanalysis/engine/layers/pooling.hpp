#pragma once
// The geometry of a pooling layer over one axis or two.

#include "libanalysis/engine/layers/window.hpp"

namespace assay::engine::layers {

/// `pool_size`, `strides` (absent: as far as the windows are wide), `padding`. @throws Error{format} for windows that may miss the input.
Windows pool_windows(const LayerSpec& spec, std::size_t axes);

PoolGeometry pool_geometry(const Windows& windows, std::int64_t channels);   ///< of one row

/// One window over everything.
PoolGeometry whole_pool(const LayerSpec& spec, std::size_t axes);

/// The output of a global pooling: [channels], or with `keepdims` axes of extent 1 before it.
Shape pooled_away(const LayerSpec& spec, std::size_t axes);

}  // namespace assay::engine::layers
