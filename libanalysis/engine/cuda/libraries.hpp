#pragma once
// The functions of cuBLAS and cuSOLVER that Assay calls, as tables filled at run time: a program that starts where no CUDA library is
// installed cannot be linked against them. One macro row a function: its signature is the library header's own.

#include <cublas_v2.h>
#include <cusolverDn.h>

#include <string>

namespace assay::engine::cuda {

#define ASSAY_CUBLAS(row) \
    row(cublasCreate_v2) row(cublasDestroy_v2) row(cublasSetStream_v2) row(cublasSetMathMode) row(cublasSetPointerMode_v2) \
    row(cublasSetWorkspace_v2) row(cublasGetVersion_v2) row(cublasSgemm_v2) row(cublasDgemm_v2) \
    row(cublasSgemmStridedBatched) row(cublasDgemmStridedBatched)

#define ASSAY_CUSOLVER(row) \
    row(cusolverDnCreate) row(cusolverDnDestroy) row(cusolverDnSetStream) row(cusolverGetVersion) \
    row(cusolverDnSsyevd_bufferSize) row(cusolverDnSsyevd) row(cusolverDnDsyevd_bufferSize) row(cusolverDnDsyevd) \
    row(cusolverDnCreateSyevjInfo) row(cusolverDnDestroySyevjInfo) row(cusolverDnXsyevjSetSortEig) \
    row(cusolverDnSsyevjBatched_bufferSize) row(cusolverDnSsyevjBatched) row(cusolverDnDsyevjBatched_bufferSize) row(cusolverDnDsyevjBatched)

#define ASSAY_ENTRY(name) decltype(&::name) name = nullptr;
struct Cublas { ASSAY_CUBLAS(ASSAY_ENTRY) };
struct Cusolver { ASSAY_CUSOLVER(ASSAY_ENTRY) };
#undef ASSAY_ENTRY

/// Loaded once a process. @throws Error{unavailable} naming the library, the names that were tried, and the loader's words. The host
/// twin defines the same two functions with its own tables.
const Cublas& cublas();
const Cusolver& cusolver();

void check(cublasStatus_t result, const char* call);
void check(cusolverStatus_t result, const char* call);

}  // namespace assay::engine::cuda
