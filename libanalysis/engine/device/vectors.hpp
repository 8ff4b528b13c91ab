#pragma once
// Elementwise work on vectors as functors of an index. An output may be one of the inputs.

#include "libanalysis/engine/elementary.hpp"

#include <cstdint>

namespace assay::engine::device {

template <class From, class To>
struct Convert {
    const From* x;
    To* y;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = static_cast<To>(x[i]); }
};

template <class T>
struct Fill {
    T value;
    T* x;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const { x[i] = value; }
};

template <class T>
struct Axpy {
    T a;
    const T* x;
    T* y;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const { y[i] += a * x[i]; }
};

template <class T>
struct Scale {
    T a;
    T* x;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const { x[i] *= a; }
};

template <class T>
struct Multiply {
    const T* x;
    const T* y;
    T* z;
    bool accumulate;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const T product = x[i] * y[i];
        z[i] = accumulate ? z[i] + product : product;
    }
};

template <class T>
struct Accumulate {
    const T* x;
    double* sum;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const { sum[i] += static_cast<double>(x[i]); }
};

/// to = scale (start + factors[0] xs[0] + factors[1] xs[1] + ...), added in this order in float64 and rounded once. Without a start
/// where it is null. Vectors travel by value, so at most `capacity` at a time.
template <class T, class Start, class To>
struct Combine {
    static constexpr int capacity = 64;
    const Start* start;
    To* to;
    double scale;
    int count;
    const T* xs[capacity];
    double factors[capacity];
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        double sum = start ? static_cast<double>(start[i]) : 0.0;
        for (int k = 0; k < count; ++k) sum += factors[k] * static_cast<double>(xs[k][i]);
        to[i] = static_cast<To>(scale * sum);
    }
};

}  // namespace assay::engine::device
