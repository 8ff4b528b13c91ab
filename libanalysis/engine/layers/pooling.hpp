#pragma once
// The geometry of a two-dimensional pooling layer.

#include "libanalysis/engine/layers/window.hpp"

namespace assay::engine::layers {

inline PoolGeometry pool_geometry(const LayerSpec& spec) {
    spec.require_inputs(1);
    spec.require_rank(0, 3);
    const Shape& x = spec.inputs[0];
    const auto pool = spec.integers("pool_size", 2);
    const auto strides = spec.attributes.contains("strides") && !spec.attributes["strides"].is_null() ? spec.integers("strides", 2) : pool;
    const Window rows = slide(spec, x[0], pool[0], strides[0], 1), columns = slide(spec, x[1], pool[1], strides[1], 1);
    return {.in_h = x[0], .in_w = x[1], .channels = x[2], .out_h = rows.out, .out_w = columns.out, .pool_h = pool[0], .pool_w = pool[1],
            .stride_h = strides[0], .stride_w = strides[1], .pad_top = rows.before, .pad_left = columns.before};
}

}  // namespace assay::engine::layers
