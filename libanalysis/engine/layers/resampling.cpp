#include "libanalysis/engine/layers/resampling.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace assay::engine::layers {
namespace {

AxisMap zeros(std::int64_t out, std::int64_t in) { return {out, in, std::vector<double>(static_cast<std::size_t>(out * in), 0.0)}; }

double& at(AxisMap& map, std::int64_t out, std::int64_t in) { return map.weights[static_cast<std::size_t>(out * map.in + in)]; }

}  // namespace

void require_axis_map(const LayerSpec& spec, std::int64_t in, std::int64_t out) {
    const double pairs = static_cast<double>(in) * static_cast<double>(out);
    if (pairs > 16777216.0) spec.fail("an axis of at most 2^24 pairs of an input and an output cell", std::to_string(in) + " by " + std::to_string(out));
}

AxisMap window_means(const Window& window) {
    AxisMap map = zeros(window.out, window.cells);
    for (std::int64_t i = 0; i < window.out; ++i) {
        const std::int64_t first = i * window.stride - window.before;
        for (std::int64_t cell = std::max<std::int64_t>(first, 0); cell < std::min(first + window.size, window.cells); ++cell)
            at(map, i, cell) = 1 / static_cast<double>(window.size);
    }
    return map;
}

AxisMap adaptive_means(std::int64_t in, std::int64_t out) {
    AxisMap map = zeros(out, in);
    for (std::int64_t i = 0; i < out; ++i) {
        const std::int64_t first = i * in / out, end = ((i + 1) * in + out - 1) / out;
        for (std::int64_t cell = first; cell < end; ++cell) at(map, i, cell) = 1 / static_cast<double>(end - first);
    }
    return map;
}

AxisMap linear_interpolation(std::int64_t in, std::int64_t out) {
    AxisMap map = zeros(out, in);
    for (std::int64_t i = 0; i < out; ++i) {
        const double place = (static_cast<double>(i) + 0.5) * static_cast<double>(in) / static_cast<double>(out) - 0.5;
        const double left = std::floor(place), part = place - left;
        const auto cell = [&](double index) { return std::clamp<std::int64_t>(static_cast<std::int64_t>(index), 0, in - 1); };
        at(map, i, cell(left)) += 1 - part;
        at(map, i, cell(left + 1)) += part;
    }
    return map;
}

Resampling::Resampling(AxisMap rows, AxisMap columns, std::int64_t channels, Shape output)
    : rows_(std::move(rows)), columns_(std::move(columns)), channels_(channels), row_(columns_.out * channels) {
    output_shape_ = std::move(output);
}

double Resampling::madds() const {
    return static_cast<double>(row_) * static_cast<double>(rows_.in) * static_cast<double>(columns_.in + rows_.out);
}

// The columns first: [batch, rows in, columns out, channels] lies between.
void Resampling::apply(Backend& lane, std::int64_t batch, std::span<const ConstView> inputs, View y) const {
    const Buffer rows = lane.from_host(rows_.weights, y.type), columns = lane.from_host(columns_.weights, y.type);
    Buffer between = lane.allocate(y.type, static_cast<std::size_t>(batch * rows_.in * row_));
    lane.gemm_batched(false, false, columns_.out, channels_, columns_.in, 1, columns.view(), columns_.in, 0, inputs[0], channels_,
                      columns_.in * channels_, 0, between.view(), channels_, row_, batch * rows_.in);
    lane.gemm_batched(false, false, rows_.out, row_, rows_.in, 1, rows.view(), rows_.in, 0, between.view(), row_, rows_.in * row_, 0, y, row_,
                      rows_.out * row_, batch);
}

void Resampling::transpose(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const {
    const Buffer rows = lane.from_host(rows_.weights, gy.type), columns = lane.from_host(columns_.weights, gy.type);
    Buffer between = lane.allocate(gy.type, static_cast<std::size_t>(frame.batch * rows_.in * row_));
    lane.gemm_batched(true, false, rows_.in, row_, rows_.out, 1, rows.view(), rows_.in, 0, gy, row_, rows_.out * row_, 0, between.view(), row_,
                      rows_.in * row_, frame.batch);
    lane.gemm_batched(true, false, columns_.in, channels_, columns_.out, 1, columns.view(), columns_.in, 0, between.view(), channels_, row_,
                      frame.adds(0) ? 1 : 0, gx[0], channels_, columns_.in * channels_, frame.batch * rows_.in);
}

}  // namespace assay::engine::layers
