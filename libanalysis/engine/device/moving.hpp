#pragma once
// Moving data: gather and its ordered transpose, permutation of axes, blocks; as functors of a flat index. Indices are data: one
// that is outside its array touches nothing and leaves a fault.

#include "libanalysis/engine/device/faults.hpp"
#include "libanalysis/engine/device/index.hpp"

namespace assay::engine::device {

/// Indices below `size`; every thread that finds another one writes the same word.
struct Checked {
    const std::int32_t* index;
    std::int64_t size;
    Fault* fault;
    Fault kind;
    ASSAY_HOST_DEVICE bool operator()(std::int64_t i) const {
        if (index[i] >= 0 && index[i] < size) return true;
        *fault = kind;
        return false;
    }
};

/// y[i, c] = table[index[i], c].
template <class T>
struct GatherRows {
    const T* table;
    Checked rows;
    T* y;
    Extent cols;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        std::int64_t row = i;
        const std::int64_t c = cols.split(row);
        if (rows(row)) y[i] = table[rows.index[row] * cols + c];
    }
};

/// place[i] = i.
struct Places {
    std::int32_t* place;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const { place[i] = static_cast<std::int32_t>(i); }
};

/// table[sorted.index[i], c] += g[place[k], c] for k = i, i + 1, ... while the index stays the same, from the first i of each index:
/// the terms of one cell in the order in which they stood before the stable sort.
template <class T>
struct AddRuns {
    const T* g;
    Checked sorted;
    const std::int32_t* place;
    T* table;
    std::int64_t count;
    Extent cols;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        std::int64_t k = i;
        const std::int64_t c = cols.split(k);
        const std::int32_t row = sorted.index[k];
        if ((k > 0 && sorted.index[k - 1] == row) || !sorted(k)) return;
        T* cell = table + row * cols + c;
        T sum = *cell;
        for (; k < count && sorted.index[k] == row; ++k) sum += g[place[k] * cols + c];
        *cell = sum;
    }
};

/// y (+)= x with axes in another order: extents are y's, steps are the distances of neighbours along y's axes in x.
template <class T>
struct Permute {
    static constexpr int most_axes = 8;
    const T* x;
    T* y;
    bool accumulate;
    int axes;
    Extent extent[most_axes];
    std::int64_t step[most_axes];
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        std::int64_t rest = i, from = 0;
        for (int axis = axes - 1; axis > 0; --axis) from += extent[axis].split(rest) * step[axis];
        if (axes > 0) from += rest * step[0];
        y[i] = accumulate ? y[i] + x[from] : x[from];
    }
};

/// to[r to_stride + c] (+)= from[r from_stride + c].
template <class T>
struct CopyBlock {
    const T* from;
    T* to;
    Extent cols;
    std::int64_t from_stride, to_stride;
    bool accumulate;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const std::int64_t c = cols.split(i);
        const T value = from[i * from_stride + c];
        T& target = to[i * to_stride + c];
        target = accumulate ? target + value : value;
    }
};

}  // namespace assay::engine::device
