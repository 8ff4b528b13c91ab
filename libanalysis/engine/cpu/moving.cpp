// Moving data: gather and its ordered transpose, permutation of axes, blocks. Indices come from layers and from data, so
// every one is checked.

#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/cpu/short_copies.hpp"
#include "libanalysis/engine/views.hpp"

#include <algorithm>
#include <cstring>

namespace assay::engine::cpu {

namespace {

std::int64_t checked(std::int32_t index, std::size_t size, const char* what) {
    if (index < 0 || static_cast<std::size_t>(index) >= size) {
        throw Error(ErrorKind::data, {what, "an index below " + std::to_string(size), std::to_string(index)});
    }
    return index;
}

}  // namespace

void CpuBackend::gather(ConstView x, ConstView index, View y) {
    require_ints(index, "gather");
    require(index.size == y.size, "gather", "an index for every output");
    with_float_of("gather", [&]<class T>(T) {
        for (std::size_t i = 0; i < y.size; ++i) as<T>(y)[i] = as<T>(x)[checked(as<std::int32_t>(index)[i], x.size, "gather")];
    }, x, y);
}

void CpuBackend::scatter_add(ConstView g, ConstView index, View x) {
    require_ints(index, "scatter_add");
    require(index.size == g.size, "scatter_add", "an index for every term");
    with_float_of("scatter_add", [&]<class T>(T) {
        for (std::size_t i = 0; i < g.size; ++i) as<T>(x)[checked(as<std::int32_t>(index)[i], x.size, "scatter_add")] += as<T>(g)[i];
    }, g, x);
}

void CpuBackend::gather_rows(ConstView table, ConstView rows, std::int64_t cols, View y) {
    require_ints(rows, "gather_rows");
    require(cols > 0 && y.size == rows.size * static_cast<std::size_t>(cols), "gather_rows", "an output row for every index");
    with_float_of("gather_rows", [&]<class T>(T) {
        const std::size_t height = table.size / static_cast<std::size_t>(cols);
        for (std::size_t i = 0; i < rows.size; ++i) {
            const T* from = as<T>(table) + checked(as<std::int32_t>(rows)[i], height, "row of a table") * cols;
            std::copy_n(from, cols, as<T>(y) + static_cast<std::int64_t>(i) * cols);
        }
    }, table, y);
}

void CpuBackend::scatter_add_rows(ConstView g, ConstView rows, std::int64_t cols, View table) {
    require_ints(rows, "scatter_add_rows");
    require(cols > 0 && g.size == rows.size * static_cast<std::size_t>(cols), "scatter_add_rows", "a row of terms for every index");
    with_float_of("scatter_add_rows", [&]<class T>(T) {
        const std::size_t height = table.size / static_cast<std::size_t>(cols);
        for (std::size_t i = 0; i < rows.size; ++i) {
            T* to = as<T>(table) + checked(as<std::int32_t>(rows)[i], height, "row of a table") * cols;
            const T* from = as<T>(g) + static_cast<std::int64_t>(i) * cols;
            for (std::int64_t c = 0; c < cols; ++c) to[c] += from[c];
        }
    }, g, table);
}

void CpuBackend::permute(ConstView x, std::span<const std::int64_t> shape, std::span<const std::int64_t> order, View y, bool accumulate) {
    const auto [extent, step] = require_permutation(x, shape, order, y);
    const std::size_t rank = extent.size(), total = x.size;
    if (total == 0) return;
    with_float_of("permute", [&]<class T>(T) {
        const T* from = as<T>(x);
        T* to = as<T>(y);
        const std::int64_t inner = rank ? extent[rank - 1] : 1, inner_step = rank ? step[rank - 1] : 1;
        std::vector<std::int64_t> position(rank, 0);
        std::int64_t source = 0;
        for (std::int64_t done = 0; done < static_cast<std::int64_t>(total); done += inner) {
            if (accumulate) {
                for (std::int64_t i = 0; i < inner; ++i) to[done + i] += from[source + i * inner_step];
            } else {
                for (std::int64_t i = 0; i < inner; ++i) to[done + i] = from[source + i * inner_step];
            }
            for (std::size_t axis = rank > 0 ? rank - 1 : 0; axis-- > 0;) {   // the next row of y: an odometer over the outer axes
                source += step[axis];
                if (++position[axis] < extent[axis]) break;
                source -= step[axis] * extent[axis];
                position[axis] = 0;
            }
        }
    }, x, y);
}

void CpuBackend::copy_block(std::int64_t rows, std::int64_t cols, ConstView from, std::int64_t from_stride, View to, std::int64_t to_stride,
                            bool accumulate) {
    require(rows >= 0 && cols >= 0, "copy_block", "extents that are not negative");
    if (rows == 0 || cols == 0) return;
    require(from_stride >= 0 && to_stride >= 0, "copy_block", "strides that are not negative");
    require(from.size >= static_cast<std::size_t>((rows - 1) * from_stride + cols) && to.size >= static_cast<std::size_t>((rows - 1) * to_stride + cols),
            "copy_block", "blocks that their views hold");
    if (from.type == DType::int32) {
        require(to.type == DType::int32 && !accumulate, "copy_block", "integers to be copied to integers");
        for (std::int64_t r = 0; r < rows; ++r) {
            std::memcpy(as<std::int32_t>(to) + r * to_stride, as<std::int32_t>(from) + r * from_stride, static_cast<std::size_t>(cols) * sizeof(std::int32_t));
        }
        return;
    }
    with_float_of("copy_block", [&]<class T>(T) {
        const T* source = as<T>(from);
        T* target = as<T>(to);
        if (!accumulate) {
            return with_short_copy<T>(static_cast<std::size_t>(cols), [&](auto copy) {
                for (std::int64_t r = 0; r < rows; ++r) copy(source + r * from_stride, target + r * to_stride);
            });
        }
        for (std::int64_t r = 0; r < rows; ++r)
            for (std::int64_t c = 0; c < cols; ++c) target[r * to_stride + c] += source[r * from_stride + c];
    }, from, to);
}

}  // namespace assay::engine::cpu
