#include "libanalysis/engine/layers/pooling.hpp"

namespace assay::engine::layers {

Windows pool_windows(const LayerSpec& spec, std::size_t axes) {
    const std::vector<std::int64_t> pool = spec.integers("pool_size", axes);
    const bool strided = spec.attributes.contains("strides") && !spec.attributes["strides"].is_null();
    const Windows windows = slide(spec, axes, pool, strided ? spec.integers("strides", axes) : pool, std::vector<std::int64_t>(axes, 1));
    for (const Window& window : {windows.rows, windows.columns})
        if (window.before >= window.size || window.after >= window.size)
            spec.fail("a `padding` narrower than the window of " + std::to_string(window.size),
                      std::to_string(window.before) + " before and " + std::to_string(window.after) + " after");
    return windows;
}

PoolGeometry pool_geometry(const Windows& windows, std::int64_t channels) {
    const auto& [rows, columns] = windows;
    return {.in_h = rows.cells, .in_w = columns.cells, .channels = channels, .out_h = rows.out, .out_w = columns.out, .pool_h = rows.size,
            .pool_w = columns.size, .stride_h = rows.stride, .stride_w = columns.stride, .pad_top = rows.before, .pad_left = columns.before};
}

PoolGeometry whole_pool(const LayerSpec& spec, std::size_t axes) {
    const Shape& x = image_of(spec, axes);
    const std::int64_t rows = axes == 1 ? 1 : x[0], columns = x[axes - 1];
    return {.in_h = rows, .in_w = columns, .channels = x.back(), .pool_h = rows, .pool_w = columns, .stride_h = rows, .stride_w = columns};
}

Shape pooled_away(const LayerSpec& spec, std::size_t axes) {
    const std::int64_t channels = image_of(spec, axes).back();
    return spec.boolean("keepdims", false) ? extents(axes, 1, 1, channels) : Shape{channels};
}

}  // namespace assay::engine::layers
