// Elementwise vector kernels. The loops may run in place (an output that is one of the inputs), hence ivdep: apart from that
// the arrays do not overlap.

#include "libanalysis/core/clones.hpp"
#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/views.hpp"

#include <algorithm>

namespace assay::engine::cpu {

namespace {

constexpr std::size_t block_size = 1024;   // sums in double that stay in the first-level cache

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
ASSAY_CLONES void add_scaled_kernel(double a, const T* x, double* sum, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) sum[i] += a * static_cast<double>(x[i]);
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

void CpuBackend::add_combination(std::span<const ConstView> xs, std::span<const double> factors, View y) {
    require(xs.size() == factors.size(), "add_combination", "a factor for every vector");
    for (const ConstView& x : xs) require(x.size == y.size && x.type == y.type, "add_combination", "vectors of one size and type");
    with_float(y.type, "add_combination", [&]<class T>(T) {
        double block[block_size];
        for (std::size_t at = 0; at < y.size; at += block_size) {
            const std::size_t n = std::min(block_size, y.size - at);
            for (std::size_t i = 0; i < n; ++i) block[i] = static_cast<double>(as<T>(y)[at + i]);
            for (std::size_t k = 0; k < xs.size(); ++k) add_scaled_kernel(factors[k], as<T>(xs[k]) + at, block, n);
            store_block(block, 1.0, as<T>(y) + at, n);
        }
    });
}

void CpuBackend::fold(std::span<const ConstView> parts, double factor, View sum) {
    for (const ConstView& part : parts) require(part.size == sum.size && part.type == parts[0].type, "fold", "parts of one type and the sum's size");
    double block[block_size];
    for (std::size_t at = 0; at < sum.size; at += block_size) {
        const std::size_t n = std::min(block_size, sum.size - at);
        std::fill_n(block, n, 0.0);
        for (const ConstView& part : parts)
            with_float(part.type, "fold", [&]<class T>(T) { accumulate_kernel(as<T>(part) + at, block, n); });
        with_float(sum.type, "fold", [&]<class T>(T) { store_block(block, factor, as<T>(sum) + at, n); });
    }
}

}  // namespace assay::engine::cpu
