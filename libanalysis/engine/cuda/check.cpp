#include "libanalysis/engine/cuda/check.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/libraries.hpp"

#include <string>

namespace assay::engine::cuda {

namespace {

// By number, since toolkits before 12.8 have no names for them: cudaErrorContained, cudaErrorTensorMemoryLeak.
constexpr int contained = 226, tensor_memory_leak = 721;
#if CUDART_VERSION >= 13000
static_assert(contained == cudaErrorContained && tensor_memory_leak == cudaErrorTensorMemoryLeak);
#endif

/// After these the driver answers every further call of the process with the same error.
bool sticky(cudaError_t result) {
    if (const int number = result; number == contained || number == tensor_memory_leak) return true;
    switch (result) {
        case cudaErrorECCUncorrectable:
        case cudaErrorNvlinkUncorrectable:
        case cudaErrorIllegalAddress:
        case cudaErrorLaunchTimeout:
        case cudaErrorAssert:
        case cudaErrorHardwareStackError:
        case cudaErrorIllegalInstruction:
        case cudaErrorMisalignedAddress:
        case cudaErrorInvalidAddressSpace:
        case cudaErrorInvalidPc:
        case cudaErrorLaunchFailure:
        case cudaErrorContextIsDestroyed:
        case cudaErrorMpsClientTerminated:
        case cudaErrorUnknown: return true;
        default: return false;
    }
}

const char* name(cublasStatus_t status) {
    switch (status) {
        case CUBLAS_STATUS_SUCCESS: return "CUBLAS_STATUS_SUCCESS";
        case CUBLAS_STATUS_NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
        case CUBLAS_STATUS_ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
        case CUBLAS_STATUS_INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
        case CUBLAS_STATUS_ARCH_MISMATCH: return "CUBLAS_STATUS_ARCH_MISMATCH";
        case CUBLAS_STATUS_MAPPING_ERROR: return "CUBLAS_STATUS_MAPPING_ERROR";
        case CUBLAS_STATUS_EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
        case CUBLAS_STATUS_INTERNAL_ERROR: return "CUBLAS_STATUS_INTERNAL_ERROR";
        case CUBLAS_STATUS_NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
        default: return "a status without a name";
    }
}

const char* name(cusolverStatus_t status) {
    switch (status) {
        case CUSOLVER_STATUS_SUCCESS: return "CUSOLVER_STATUS_SUCCESS";
        case CUSOLVER_STATUS_NOT_INITIALIZED: return "CUSOLVER_STATUS_NOT_INITIALIZED";
        case CUSOLVER_STATUS_ALLOC_FAILED: return "CUSOLVER_STATUS_ALLOC_FAILED";
        case CUSOLVER_STATUS_INVALID_VALUE: return "CUSOLVER_STATUS_INVALID_VALUE";
        case CUSOLVER_STATUS_ARCH_MISMATCH: return "CUSOLVER_STATUS_ARCH_MISMATCH";
        case CUSOLVER_STATUS_EXECUTION_FAILED: return "CUSOLVER_STATUS_EXECUTION_FAILED";
        case CUSOLVER_STATUS_INTERNAL_ERROR: return "CUSOLVER_STATUS_INTERNAL_ERROR";
        case CUSOLVER_STATUS_NOT_SUPPORTED: return "CUSOLVER_STATUS_NOT_SUPPORTED";
        default: return "a status without a name";
    }
}

/// After the device broke, libraries answer in words of their own; the device's words say more, and come first.
template <class Library>
void check_library(Library status, Library success, Library no_memory, Library wrong_argument, const char* call) {
    if (status == success) return;
    check_device(call);
    const std::string found = std::string(name(status)) + " (" + std::to_string(static_cast<int>(status)) + ")";
    if (status == no_memory) throw DeviceMemoryError({call, "success", found, out_of_memory_advice});
    throw Error(status == wrong_argument ? ErrorKind::internal : ErrorKind::unavailable, {call, "success", found});
}

}  // namespace

void check(cudaError_t result, const char* call) {
    if (result == cudaSuccess) return;
    (void)cudaGetLastError();   // or the next launch would be blamed for it
    const std::string found = std::string(cudaGetErrorName(result)) + " (" + cudaGetErrorString(result) + ")";
    if (result == cudaErrorMemoryAllocation) {
        throw DeviceMemoryError({call, "memory", found, out_of_memory_advice});
    }
    throw Error(ErrorKind::unavailable,
                {call, "success", found, sticky(result) ? "This process can use the device no more: start it again." : ""});
}

void check_device(const char* call) {
    // A library has a runtime of its own, and what that one noticed is no last error of ours: the device is asked.
    const cudaError_t noticed = cudaGetLastError(), waited = cudaDeviceSynchronize();
    for (const cudaError_t cause : {waited, noticed})
        if (sticky(cause)) check(cause, call);
    if (waited != cudaSuccess) (void)cudaGetLastError();
}

void check(cublasStatus_t status, const char* call) {
    check_library(status, CUBLAS_STATUS_SUCCESS, CUBLAS_STATUS_ALLOC_FAILED, CUBLAS_STATUS_INVALID_VALUE, call);
}

void check(cusolverStatus_t status, const char* call) {
    check_library(status, CUSOLVER_STATUS_SUCCESS, CUSOLVER_STATUS_ALLOC_FAILED, CUSOLVER_STATUS_INVALID_VALUE, call);
}

}  // namespace assay::engine::cuda
