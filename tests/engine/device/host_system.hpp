#pragma once
// The launches of engine/cuda/launch.hpp by Thrust's system for the host that this program is compiled for, and arrays for them:
// memory of the host, which the CPU backend takes as its own.

#include "libanalysis/engine/backend.hpp"
#include "tests/engine/backend/guarded.hpp"

#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/sort.h>
#include <thrust/transform_reduce.h>
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_OMP
#include <thrust/system/omp/execution_policy.h>
#elif THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CPP
#include <thrust/system/cpp/execution_policy.h>
#else
#error "a system of the host"
#endif

#include <gtest/gtest.h>

#include <vector>

namespace assay::test {

inline auto host_system() {
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_OMP
    return thrust::omp::par;
#else
    return thrust::cpp::par;
#endif
}

using Index = thrust::counting_iterator<std::int64_t>;

/// body(i) for 0 <= i < count.
template <class Body>
void each(std::int64_t count, Body body) {
    thrust::for_each(host_system(), Index(0), Index(count), body);
}

template <class Term>
struct TermOf {
    Term term;
    std::int64_t result;
    double operator()(std::int64_t i) const { return term(result, i); }
};

template <class Term, class Combine, class Store>
struct Reduction {
    std::int64_t terms;
    double start;
    Term term;
    Combine combine;
    Store store;
    void operator()(std::int64_t r) const {
        store(r, thrust::transform_reduce(thrust::seq, Index(0), Index(terms), TermOf<Term>{term, r}, start, combine));
    }
};

/// store(r, combine of start and term(r, i) for 0 <= i < terms) for 0 <= r < results; results in any order.
template <class Term, class Combine, class Store>
void reduce(std::int64_t results, std::int64_t terms, double start, Term term, Combine combine, Store store) {
    each(results, Reduction<Term, Combine, Store>{terms, start, term, combine, store});
}

using Precisions = testing::Types<float, double>;

template <class T> constexpr engine::DType type_of = engine::DType::float32;
template <> inline constexpr engine::DType type_of<double> = engine::DType::float64;
template <> inline constexpr engine::DType type_of<std::int32_t> = engine::DType::int32;

template <class T> engine::View view(std::vector<T>& x) { return {x.data(), x.size(), type_of<T>}; }

/// The numbers of normals() in the given precision.
template <class T>
std::vector<T> random(std::int64_t count, std::uint64_t stream) {
    const std::vector<double> values = normals(static_cast<std::size_t>(count), stream);
    std::vector<T> result;
    result.reserve(values.size() + 1);   // of no elements too: a view without an address is "not there"
    result.assign(values.begin(), values.end());
    return result;
}

template <class T>
void expect_close(const std::vector<T>& found, const std::vector<T>& expected, const char* what, double tolerance = roundoff<T>) {
    EXPECT_LE(distance(found, expected), tolerance) << what;
}

}  // namespace assay::test
