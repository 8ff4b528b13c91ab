// Pointwise functions and their derivatives (pointwise.hpp) over vectors; they may run in place.

#include "libanalysis/core/clones.hpp"
#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/views.hpp"
#include "libanalysis/engine/pointwise.hpp"

namespace assay::engine::cpu {

namespace {

template <class F, class T>
ASSAY_CLONES void value_kernel(pointwise::Parameters<T> p, const T* x, T* y, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) y[i] = F::value(x[i], p);
}

template <class F, class T>
ASSAY_CLONES void first_kernel(pointwise::Parameters<T> p, const T* x, const T* g, T* out, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) out[i] = F::first(x[i], p) * g[i];
}

template <class F, class T>
ASSAY_CLONES void first_add_kernel(pointwise::Parameters<T> p, const T* x, const T* g, T* out, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) out[i] += F::first(x[i], p) * g[i];
}

template <class F, class T>
ASSAY_CLONES void second_kernel(pointwise::Parameters<T> p, const T* x, const T* a, const T* b, T* out, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) out[i] = F::second(x[i], p) * a[i] * b[i];
}

template <class F, class T>
ASSAY_CLONES void second_add_kernel(pointwise::Parameters<T> p, const T* x, const T* a, const T* b, T* out, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) out[i] += F::second(x[i], p) * a[i] * b[i];
}

}  // namespace

void CpuBackend::map(Pointwise f, PointwiseParameters p, ConstView x, View y) {
    require(x.size == y.size, "map", "vectors of one size");
    with_float_of("map", [&]<class T>(T) {
        pointwise::select(f, [&]<class F>(F) { value_kernel<F>(pointwise::Parameters<T>(p), as<T>(x), as<T>(y), x.size); });
    }, x, y);
}

void CpuBackend::map_first(Pointwise f, PointwiseParameters p, ConstView x, ConstView g, View out, bool accumulate) {
    require(x.size == g.size && x.size == out.size, "map_first", "vectors of one size");
    with_float_of("map_first", [&]<class T>(T) {
        pointwise::select(f, [&]<class F>(F) {
            (accumulate ? first_add_kernel<F, T> : first_kernel<F, T>)(pointwise::Parameters<T>(p), as<T>(x), as<T>(g), as<T>(out), x.size);
        });
    }, x, g, out);
}

void CpuBackend::map_second(Pointwise f, PointwiseParameters p, ConstView x, ConstView a, ConstView b, View out, bool accumulate) {
    require(x.size == a.size && x.size == b.size && x.size == out.size, "map_second", "vectors of one size");
    with_float_of("map_second", [&]<class T>(T) {
        pointwise::select(f, [&]<class F>(F) {
            (accumulate ? second_add_kernel<F, T> : second_kernel<F, T>)(pointwise::Parameters<T>(p), as<T>(x), as<T>(a), as<T>(b), as<T>(out),
                                                                         x.size);
        });
    }, x, a, b, out);
}

}  // namespace assay::engine::cpu
