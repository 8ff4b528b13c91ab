#include "libanalysis/engine/cpu/gemm.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/parallel.hpp"

#include <cblas.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <limits>
#include <string>

namespace assay::engine::cpu {

namespace {

/// What is left of a product without terms: c = beta c. A zero beta overwrites, whatever c held.
template <class T>
void scale_rows(std::int64_t m, std::int64_t n, T beta, T* c, std::int64_t ldc) {
    for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) c[i * ldc + j] = beta == T(0) ? T(0) : beta * c[i * ldc + j];
    }
}

int narrow(std::int64_t extent) {
    if (extent > std::numeric_limits<int>::max()) {
        throw Error(ErrorKind::unsupported, {"float64 matrix product", "extents below 2^31", std::to_string(extent)});
    }
    return static_cast<int>(extent);
}

}  // namespace

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, float alpha, const float* a,
          std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc) {
    if (m == 0 || n == 0) return;
    if (k == 0 || alpha == 0.0f) return scale_rows(m, n, beta, c, ldc);
    const SerialLibraries serial;
    const dnnl_status_t status =
        dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    if (status != dnnl_success) {
        throw Error(ErrorKind::internal, {"dnnl_sgemm", "success", "status " + std::to_string(static_cast<int>(status))});
    }
}

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha, const double* a,
          std::int64_t lda, const double* b, std::int64_t ldb, double beta, double* c, std::int64_t ldc) {
    if (m == 0 || n == 0) return;
    if (k == 0 || alpha == 0.0) return scale_rows(m, n, beta, c, ldc);
    const SerialLibraries serial;
    cblas_dgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, narrow(m), narrow(n),
                narrow(k), alpha, a, narrow(lda), b, narrow(ldb), beta, c, narrow(ldc));
}

}  // namespace assay::engine::cpu
