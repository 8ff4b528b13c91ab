// Moving data: gather and its ordered transpose, permutation of axes, blocks.

#include "libanalysis/engine/cuda/cuda_backend.hpp"
#include "libanalysis/engine/cuda/launch.hpp"
#include "libanalysis/engine/cuda/scratch_arrays.hpp"
#include "libanalysis/engine/device/moving.hpp"

#include <limits>

namespace assay::engine::cuda {

namespace {

/// table[rows[i], c] += g[i, c], for every cell in order of i.
template <class T>
void add_rows(Lane& lane, const T* g, device::Checked rows, std::int64_t count, std::int64_t cols, T* table) {
    (void)lane.stream();   // CUB asks the current device how much it needs
    const auto bytes = static_cast<std::int64_t>(sort_scratch(count));
    const auto [place, sorted, sorted_place, scratch] =
        scratch_arrays<std::int32_t, std::int32_t, std::int32_t, std::byte>(lane, {count, count, count, bytes});
    each(lane.stream(), count, device::Places{place});
    sort_pairs(lane.stream(), scratch, static_cast<std::size_t>(bytes), rows.index, sorted, place, sorted_place, count);
    const device::Checked in_order{sorted, rows.size, rows.fault, rows.kind};
    each(lane.stream(), count * cols, device::AddRuns<T>{g, in_order, sorted_place, table, count, cols});
}

void require_places(ConstView index, const char* primitive) {
    require_ints(index, primitive);
    require(index.size <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()), primitive, "fewer than 2^31 indices");
}

}  // namespace

void CudaBackend::gather(ConstView x, ConstView index, View y) {
    require_ints(index, "gather");
    require(index.size == y.size, "gather", "an index for every output");
    with_float_of("gather", [&]<class T>(T) {
        const device::Checked checked{as<std::int32_t>(index), static_cast<std::int64_t>(x.size), lane_->fault(), device::Fault::gather};
        each(lane_->stream(), static_cast<std::int64_t>(y.size), device::GatherRows<T>{as<T>(x), checked, as<T>(y), 1});
    }, x, y);
}

void CudaBackend::scatter_add(ConstView g, ConstView index, View x) {
    require_places(index, "scatter_add");
    require(index.size == g.size, "scatter_add", "an index for every term");
    if (g.size == 0) return;
    with_float_of("scatter_add", [&]<class T>(T) {
        const device::Checked checked{as<std::int32_t>(index), static_cast<std::int64_t>(x.size), lane_->fault(), device::Fault::scatter_add};
        add_rows(*lane_, as<T>(g), checked, static_cast<std::int64_t>(g.size), 1, as<T>(x));
    }, g, x);
}

void CudaBackend::gather_rows(ConstView table, ConstView rows, std::int64_t cols, View y) {
    require_ints(rows, "gather_rows");
    require(cols > 0 && y.size == rows.size * static_cast<std::size_t>(cols), "gather_rows", "an output row for every index");
    with_float_of("gather_rows", [&]<class T>(T) {
        const std::int64_t height = static_cast<std::int64_t>(table.size) / cols;
        const device::Checked checked{as<std::int32_t>(rows), height, lane_->fault(), device::Fault::row_of_table};
        each(lane_->stream(), static_cast<std::int64_t>(y.size), device::GatherRows<T>{as<T>(table), checked, as<T>(y), cols});
    }, table, y);
}

void CudaBackend::scatter_add_rows(ConstView g, ConstView rows, std::int64_t cols, View table) {
    require_places(rows, "scatter_add_rows");
    require(cols > 0 && g.size == rows.size * static_cast<std::size_t>(cols), "scatter_add_rows", "a row of terms for every index");
    if (g.size == 0) return;
    with_float_of("scatter_add_rows", [&]<class T>(T) {
        const std::int64_t height = static_cast<std::int64_t>(table.size) / cols;
        const device::Checked checked{as<std::int32_t>(rows), height, lane_->fault(), device::Fault::row_of_table};
        add_rows(*lane_, as<T>(g), checked, static_cast<std::int64_t>(rows.size), cols, as<T>(table));
    }, g, table);
}

void CudaBackend::permute(ConstView x, std::span<const std::int64_t> shape, std::span<const std::int64_t> order, View y, bool accumulate) {
    const Permutation permuted = require_permutation(x, shape, order, y);
    if (x.size == 0) return;
    with_float_of("permute", [&]<class T>(T) {
        device::Permute<T> body{as<T>(x), as<T>(y), accumulate, 0, {}, {}};
        for (std::size_t axis = 0; axis < permuted.extent.size(); ++axis) {
            const std::int64_t extent = permuted.extent[axis], step = permuted.step[axis];
            if (extent == 1) continue;
            if (body.axes > 0 && body.step[body.axes - 1] == step * extent) {   // neighbours in x too: one axis
                body.extent[body.axes - 1] = body.extent[body.axes - 1] * extent;
                body.step[body.axes - 1] = step;
                continue;
            }
            require(body.axes < device::Permute<T>::most_axes, "permute", "at most 8 axes that move");
            body.extent[body.axes] = extent;
            body.step[body.axes++] = step;
        }
        each(lane_->stream(), static_cast<std::int64_t>(x.size), body);
    }, x, y);
}

void CudaBackend::copy_block(std::int64_t rows, std::int64_t cols, ConstView from, std::int64_t from_stride, View to, std::int64_t to_stride,
                             bool accumulate) {
    require(rows >= 0 && cols >= 0, "copy_block", "extents that are not negative");
    if (rows == 0 || cols == 0) return;
    require(from_stride >= 0 && (to_stride >= cols || rows == 1), "copy_block", "strides that are not negative, and rows that do not meet");
    require(from.size >= static_cast<std::size_t>((rows - 1) * from_stride + cols) &&
                to.size >= static_cast<std::size_t>((rows - 1) * to_stride + cols),
            "copy_block", "blocks that their views hold");
    const auto move = [&]<class T>(T) {
        each(lane_->stream(), rows * cols, device::CopyBlock<T>{as<T>(from), as<T>(to), cols, from_stride, to_stride, accumulate});
    };
    if (from.type == DType::int32) {
        require(to.type == DType::int32 && !accumulate, "copy_block", "integers to be copied to integers");
        return move(std::int32_t{});
    }
    with_float_of("copy_block", move, from, to);
}

}  // namespace assay::engine::cuda
