// Matrix products by cuBLAS. Row-major c = op(a) op(b) is, read column by column, c^T = op(b)^T op(a)^T: the factors change places.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/cuda_backend.hpp"
#include "libanalysis/engine/cuda/lane.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace assay::engine::cuda {

namespace {

int narrow(std::int64_t extent) {
    if (extent > std::numeric_limits<int>::max()) {
        throw Error(ErrorKind::unsupported, {"matrix product on a CUDA device", "extents below 2^31", std::to_string(extent)});
    }
    return static_cast<int>(extent);
}

cublasOperation_t operation(bool transpose) { return transpose ? CUBLAS_OP_T : CUBLAS_OP_N; }

/// Matrices of one batched call. Kernels of the library count them in a grid's third extent, which ends there.
constexpr std::int64_t most_batched = 65535;

/// What is left of a product without terms: c = beta c. A zero beta overwrites, whatever c held.
void scale_rows(Backend& backend, std::int64_t m, std::int64_t n, double beta, View c, std::int64_t ldc) {
    if (beta == 1) return;
    const bool dense = ldc == n;
    const std::int64_t rows = dense ? 1 : m, width = dense ? m * n : n;
    for (std::int64_t r = 0; r < rows; ++r) {
        const View row = c.slice(static_cast<std::size_t>(r * ldc), static_cast<std::size_t>(width));
        if (beta == 0) backend.fill(row, 0);
        else backend.scale(beta, row);
    }
}

}  // namespace

void CudaBackend::gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha, ConstView a,
                       std::int64_t lda, ConstView b, std::int64_t ldb, double beta, View c, std::int64_t ldc) {
    require_product(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, c, ldc, "gemm");
    with_float_of("gemm", [&]<class T>(T) {
        if (m == 0 || n == 0) return;
        if (k == 0 || alpha == 0) return scale_rows(*this, m, n, beta, c, ldc);
        const T factor = static_cast<T>(alpha), kept = static_cast<T>(beta);
        const auto run = [&](auto function, const char* call) {
            check(function(lane_->blas(), operation(transpose_b), operation(transpose_a), narrow(n), narrow(m), narrow(k), &factor, as<T>(b),
                           narrow(ldb), as<T>(a), narrow(lda), &kept, as<T>(c), narrow(ldc)), call);
        };
        if constexpr (std::is_same_v<T, float>) run(cublas().cublasSgemm_v2, "cublasSgemm");
        else run(cublas().cublasDgemm_v2, "cublasDgemm");
    }, a, b, c);
}

void CudaBackend::gemm_batched(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha, ConstView a,
                               std::int64_t lda, std::int64_t stride_a, ConstView b, std::int64_t ldb, std::int64_t stride_b, double beta,
                               View c, std::int64_t ldc, std::int64_t stride_c, std::int64_t count) {
    require_products(transpose_a, transpose_b, m, n, k, a, lda, stride_a, b, ldb, stride_b, c, ldc, stride_c, count, "gemm_batched");
    require(stride_c > 0 || count <= 1, "gemm_batched", "results that do not share their place");
    with_float_of("gemm_batched", [&]<class T>(T) {
        if (m == 0 || n == 0 || count == 0) return;
        if (k == 0 || alpha == 0) {
            for (std::int64_t i = 0; i < count; ++i) {
                const auto offset = static_cast<std::size_t>(i * stride_c);
                scale_rows(*this, m, n, beta, c.slice(offset, c.size - offset), ldc);
            }
            return;
        }
        const T factor = static_cast<T>(alpha), kept = static_cast<T>(beta);
        const auto run = [&](auto function, const char* call) {
            for (std::int64_t first = 0; first < count; first += most_batched) {
                check(function(lane_->blas(), operation(transpose_b), operation(transpose_a), narrow(n), narrow(m), narrow(k), &factor,
                               as<T>(b) + first * stride_b, narrow(ldb), stride_b, as<T>(a) + first * stride_a, narrow(lda), stride_a, &kept,
                               as<T>(c) + first * stride_c, narrow(ldc), stride_c, narrow(std::min(most_batched, count - first))), call);
            }
        };
        if constexpr (std::is_same_v<T, float>) run(cublas().cublasSgemmStridedBatched, "cublasSgemmStridedBatched");
        else run(cublas().cublasDgemmStridedBatched, "cublasDgemmStridedBatched");
    }, a, b, c);
}

}  // namespace assay::engine::cuda
