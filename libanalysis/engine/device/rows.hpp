#pragma once
// Rows and columns spread over a matrix, as functors of the flat index of an element.

#include "libanalysis/engine/device/index.hpp"

namespace assay::engine::device {

/// x[r, c] += row[c].
template <class T>
struct AddRow {
    const T* row;
    T* x;
    Extent cols;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const { x[i] += row[i - cols.divide(i) * cols]; }
};

/// y (+)= x1[r, c] row1[c] + x2[r, c] row2[c] + shift[c]; what is null is not there. y may be x1 or x2.
template <class T>
struct AffineRows {
    const T* x1;
    const T* row1;
    const T* x2;
    const T* row2;
    const T* shift;
    T* y;
    Extent cols;
    bool accumulate;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        std::int64_t r = i;
        const std::int64_t c = cols.split(r);
        T value = x1[i] * row1[c];
        if (x2) value += x2[i] * row2[c];
        if (shift) value += shift[c];
        y[i] = accumulate ? y[i] + value : value;
    }
};

/// y (+)= column[r] x[r, c].
template <class T>
struct MultiplyColumn {
    const T* column;
    const T* x;
    T* y;
    Extent cols;
    bool accumulate;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const T value = column[cols.divide(i)] * x[i];
        y[i] = accumulate ? y[i] + value : value;
    }
};

}  // namespace assay::engine::device
