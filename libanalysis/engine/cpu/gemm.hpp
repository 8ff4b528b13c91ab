#pragma once
// The matrix products behind Backend::gemm, typed: oneDNN for float32 and OpenBLAS for float64 (facts measured on skinny and
// square shapes; oneDNN has no float64 product). Row-major.

#include <cstdint>

namespace assay::engine::cpu {

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, float alpha, const float* a,
          std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha, const double* a,
          std::int64_t lda, const double* b, std::int64_t ldb, double beta, double* c, std::int64_t ldc);

}  // namespace assay::engine::cpu
