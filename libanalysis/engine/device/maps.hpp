#pragma once
// The functions of pointwise.hpp and their derivatives over vectors, as functors of an index. An output may be one of the inputs.

#include "libanalysis/engine/pointwise.hpp"

#include <cstdint>

namespace assay::engine::device {

template <class F, class T>
struct Map {
    T alpha;
    const T* x;
    T* y;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = F::value(x[i], alpha); }
};

template <class F, class T>
struct MapFirst {
    T alpha;
    const T* x;
    const T* g;
    T* out;
    bool accumulate;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const T value = F::first(x[i], alpha) * g[i];
        out[i] = accumulate ? out[i] + value : value;
    }
};

template <class F, class T>
struct MapSecond {
    T alpha;
    const T* x;
    const T* a;
    const T* b;
    T* out;
    bool accumulate;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        const T value = F::second(x[i], alpha) * a[i] * b[i];
        out[i] = accumulate ? out[i] + value : value;
    }
};

}  // namespace assay::engine::device
