#pragma once
// The mean over a window, channels last; padding cells are not counted. With `count_padding` they are, as zeros: then every window
// divides by its whole size.

#include "libanalysis/engine/layers/linear_layer.hpp"
#include "libanalysis/engine/layers/pooling.hpp"
#include "libanalysis/engine/layers/resampling.hpp"

namespace assay::engine::layers {

class AveragePooling : public LinearLayer {
public:
    AveragePooling(const PoolGeometry& geometry, Shape output) : geometry_(geometry) { output_shape_ = std::move(output); }

protected:
    void apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const final {
        lane.average_pool(of(batch), inputs[0], y);
    }
    void transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const final {
        lane.average_pool_transpose(of(frame.batch), gy, gx[0]);
    }

private:
    PoolGeometry of(std::int64_t batch) const {
        PoolGeometry geometry = geometry_;
        geometry.batch = batch;
        return geometry;
    }
    PoolGeometry geometry_;   // of one row
};

/// The layer of `pool_size`, `strides`, `padding` and `count_padding` over one axis or two.
template <std::size_t axes>
std::unique_ptr<Layer> make_average_pooling(const LayerSpec& spec) {
    const Windows windows = pool_windows(spec, axes);
    const std::int64_t channels = spec.inputs[0].back();
    Shape output = extents(axes, windows.rows.out, windows.columns.out, channels);
    const auto padded = [](const Window& window) { return window.before > 0 || window.after > 0; };
    if (spec.boolean("count_padding", false) && (padded(windows.rows) || padded(windows.columns))) {
        for (const Window& window : {windows.rows, windows.columns}) require_axis_map(spec, window.cells, window.out);
        return std::make_unique<Resampling>(window_means(windows.rows), window_means(windows.columns), channels, std::move(output));
    }
    return std::make_unique<AveragePooling>(pool_geometry(windows, channels), std::move(output));
}

}  // namespace assay::engine::layers
