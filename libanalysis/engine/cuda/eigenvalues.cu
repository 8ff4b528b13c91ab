// Eigenvalues of symmetric matrices by cuSOLVER: many small ones at a time by Jacobi's method, others one after the other. Row-major and
// column-major are the same for them.

#include "libanalysis/engine/cuda/cuda_backend.hpp"
#include "libanalysis/engine/cuda/launch.hpp"
#include "libanalysis/engine/cuda/scratch_arrays.hpp"
#include "libanalysis/engine/device/eigenvalues.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

namespace assay::engine::cuda {

namespace {

constexpr cusolverEigMode_t values_alone = CUSOLVER_EIG_MODE_NOVECTOR;
constexpr cublasFillMode_t triangle = CUBLAS_FILL_MODE_LOWER;   // both are filled

// Up to this order one multiprocessor holds a matrix; what cuSOLVER says of its batched singular values is taken to hold here too.
constexpr std::int64_t batched_order = 32;

// Matrices of one call: a grid's second and third extents end at 65535.
constexpr std::int64_t most_batched = 1 << 15;

/// The library's functions in one precision.
template <class T>
struct Functions {
    static constexpr bool single = std::is_same_v<T, float>;
    static constexpr const char* whole_name = single ? "cusolverDnSsyevd" : "cusolverDnDsyevd";
    static constexpr const char* batched_name = single ? "cusolverDnSsyevjBatched" : "cusolverDnDsyevjBatched";
    static auto whole_size() { if constexpr (single) return cusolver().cusolverDnSsyevd_bufferSize; else return cusolver().cusolverDnDsyevd_bufferSize; }
    static auto whole() { if constexpr (single) return cusolver().cusolverDnSsyevd; else return cusolver().cusolverDnDsyevd; }
    static auto batched_size() {
        if constexpr (single) return cusolver().cusolverDnSsyevjBatched_bufferSize;
        else return cusolver().cusolverDnDsyevjBatched_bufferSize;
    }
    static auto batched() { if constexpr (single) return cusolver().cusolverDnSsyevjBatched; else return cusolver().cusolverDnDsyevjBatched; }
};

template <class T>
void one_by_one(Lane& lane, int n, std::int64_t count, T* matrices, T* values) {
    const std::int64_t entries = static_cast<std::int64_t>(n) * n;
    int size = 0;
    check(Functions<T>::whole_size()(lane.solver(), values_alone, triangle, n, matrices, n, values, &size), Functions<T>::whole_name);
    const auto [work, info] = scratch_arrays<T, int>(lane, {size, count});
    for (std::int64_t i = 0; i < count; ++i) {
        check(Functions<T>::whole()(lane.solver(), values_alone, triangle, n, matrices + i * entries, n, values + i * n, work, size, info + i),
              Functions<T>::whole_name);
    }
    each(lane.stream(), count, device::Converged{info, lane.fault()});
}

template <class T>
void batched(Lane& lane, int n, std::int64_t count, T* matrices, T* values) {
    const std::int64_t entries = static_cast<std::int64_t>(n) * n;
    const auto fitting = static_cast<std::int64_t>(lane.workspace() / sizeof(T)) / (4 * entries);   // the library's workspace grows with them
    const std::int64_t at_once = std::clamp<std::int64_t>(fitting, 1, std::min(count, most_batched));
    for (std::int64_t first = 0; first < count; first += at_once) {
        const int part = static_cast<int>(std::min(at_once, count - first));
        T *const a = matrices + first * entries, *const w = values + first * n;
        int size = 0;
        check(Functions<T>::batched_size()(lane.solver(), values_alone, triangle, n, a, n, w, &size, lane.jacobi(), part), Functions<T>::batched_name);
        const auto [work, info] = scratch_arrays<T, int>(lane, {size, part});
        check(Functions<T>::batched()(lane.solver(), values_alone, triangle, n, a, n, w, work, size, info, lane.jacobi(), part),
              Functions<T>::batched_name);
        each(lane.stream(), part, device::Converged{info, lane.fault()});
    }
}

}  // namespace

void CudaBackend::symmetric_eigenvalues(std::int64_t n, std::int64_t count, View matrices, View values) {
    require_symmetric(n, count, matrices, values);
    if (n == 0 || count == 0) return;
    if (n > std::numeric_limits<int>::max())
        throw Error(ErrorKind::unsupported, {"eigenvalues on a CUDA device", "an order below 2^31", std::to_string(n)});
    with_float_of("symmetric_eigenvalues", [&]<class T>(T) {
        if (n <= batched_order && count > 1) batched(*lane_, static_cast<int>(n), count, as<T>(matrices), as<T>(values));
        else one_by_one(*lane_, static_cast<int>(n), count, as<T>(matrices), as<T>(values));
    }, matrices, values);
}

}  // namespace assay::engine::cuda
