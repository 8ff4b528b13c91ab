#pragma once
// The functions of pointwise.hpp and their derivatives over vectors, as functors of an index. An output may be one of the inputs.

#include "libanalysis/engine/pointwise.hpp"

#include <cstdint>

namespace assay::engine::device {

template <class F, class T>
struct Map {
    pointwise::Parameters<T> p;
    const T* x;
    T* y;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = F::value(x[i], p); }
};

template <class F, class T>
struct MapFirst {
    pointwise::Parameters<T> p;
    const T* x;
    const T* g;
    T* out;
    bool accumulate;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const T value = F::first(x[i], p) * g[i];
        out[i] = accumulate ? out[i] + value : value;
    }
};

template <class F, class T>
struct MapSecond {
    pointwise::Parameters<T> p;
    const T* x;
    const T* a;
    const T* b;
    T* out;
    bool accumulate;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const T value = F::second(x[i], p) * a[i] * b[i];
        out[i] = accumulate ? out[i] + value : value;
    }
};

}  // namespace assay::engine::device
