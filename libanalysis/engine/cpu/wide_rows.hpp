#pragma once
// Matrices with few columns, read as fewer rows of several: a row vector repeated that often meets whole vector registers.

#include "libanalysis/engine/cpu/lane_state.hpp"

#include <algorithm>
#include <cstddef>

namespace assay::engine::cpu {

/// Rows of `cols` columns that are taken together: enough for 64 values, 1 for wider rows.
constexpr std::size_t rows_together(std::size_t cols) { return cols >= 64 ? 1 : (64 + cols - 1) / cols; }

/// `row` repeated rows_together times.
template <class T>
const T* repeat(const T* row, std::size_t cols, Scratch& scratch) {
    const std::size_t together = rows_together(cols);
    if (together == 1) return row;
    T* wide = scratch.reserve_elements<T>(together * cols);
    for (std::size_t k = 0; k < together; ++k) std::copy_n(row, cols, wide + k * cols);
    return wide;
}

}  // namespace assay::engine::cpu
