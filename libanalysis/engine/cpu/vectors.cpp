// Elementwise vector kernels. The loops may run in place (an output that is one of the inputs), hence ivdep: apart from that
// the arrays do not overlap.

#include "libanalysis/engine/cpu/clones.hpp"
#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/cpu/views.hpp"

#include <algorithm>

namespace assay::engine::cpu {

namespace {

template <class T>
ASSAY_CLONES void axpy_kernel(T a, const T* x, T* y, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) y[i] += a * x[i];
}

template <class T>
ASSAY_CLONES void scale_kernel(T a, T* x, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) x[i] *= a;
}

template <class T>
ASSAY_CLONES void multiply_kernel(const T* x, const T* y, T* z, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) z[i] = x[i] * y[i];
}

template <class T>
ASSAY_CLONES void multiply_add_kernel(const T* x, const T* y, T* z, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) z[i] += x[i] * y[i];
}

template <class T>
ASSAY_CLONES void accumulate_kernel(const T* x, double* sum, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) sum[i] += static_cast<double>(x[i]);
}

template <class T>
ASSAY_CLONES void store_block(const double* block, double factor, T* to, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<T>(factor * block[i]);
}

}  // namespace

void CpuBackend::axpy(double a, ConstView x, View y) {
    require(x.size == y.size, "axpy", "vectors of one size");
    with_float_of("axpy", [&]<class T>(T) { axpy_kernel(static_cast<T>(a), as<T>(x), as<T>(y), x.size); }, x, y);
}

void CpuBackend::scale(double a, View x) {
    with_float(x.type, "scale", [&]<class T>(T) { scale_kernel(static_cast<T>(a), as<T>(x), x.size); });
}

void CpuBackend::multiply(ConstView x, ConstView y, View z, bool accumulate) {
    require(x.size == y.size && x.size == z.size, "multiply", "vectors of one size");
    with_float_of("multiply", [&]<class T>(T) {
        (accumulate ? multiply_add_kernel<T> : multiply_kernel<T>)(as<T>(x), as<T>(y), as<T>(z), x.size);
    }, x, y, z);
}

void CpuBackend::accumulate(ConstView x, View sum) {
    require(x.size == sum.size && sum.type == DType::float64, "accumulate", "a float64 sum of the vector's size");
    with_float(x.type, "accumulate", [&]<class T>(T) { accumulate_kernel(as<T>(x), as<double>(sum), x.size); });
}

void CpuBackend::fold(std::span<const ConstView> parts, double factor, View sum) {
    for (const ConstView& part : parts) require(part.size == sum.size && part.type == parts[0].type, "fold", "parts of one type and the sum's size");
    constexpr std::size_t most = 1024;   // a block of sums stays in the first-level cache
    double block[most];
    for (std::size_t at = 0; at < sum.size; at += most) {
        const std::size_t n = std::min(most, sum.size - at);
        std::fill_n(block, n, 0.0);
        for (const ConstView& part : parts)
            with_float(part.type, "fold", [&]<class T>(T) { accumulate_kernel(as<T>(part) + at, block, n); });
        with_float(sum.type, "fold", [&]<class T>(T) { store_block(block, factor, as<T>(sum) + at, n); });
    }
}

}  // namespace assay::engine::cpu
