// The functions of cuSOLVER that Assay calls. Rules are those of the cuSOLVER library's reference, section "cusolverDn<t>syevd()".

#include "libanalysis/engine/cuda/libraries.hpp"
#include "tests/twin/machine.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

// OpenBLAS brings LAPACK.
extern "C" {
void ssyevd_(const char* job, const char* triangle, const int* n, float* a, const int* lda, float* w, float* work, const int* lwork, int* iwork,
             const int* liwork, int* info);
void dsyevd_(const char* job, const char* triangle, const int* n, double* a, const int* lda, double* w, double* work, const int* lwork, int* iwork,
             const int* liwork, int* info);
}

namespace assay::test::twin {

struct SolverHandle {
    int device = 0;
    cudaStream_t stream = nullptr;
};

namespace {

template <class Body>
cusolverStatus_t call(const char* function, cusolverDnHandle_t handle, Body&& body) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const int status = m.called(function); status != 0) return static_cast<cusolverStatus_t>(status);
    if (m.broken != cudaSuccess) return CUSOLVER_STATUS_EXECUTION_FAILED;
    const std::shared_ptr<SolverHandle> found = m.solvers.find(handle);
    if (!found) {
        if (handle) m.fault(std::string(function) + ": a handle that is none, or was destroyed");
        return CUSOLVER_STATUS_NOT_INITIALIZED;
    }
    return body(m, *found);
}

void lapack(const char* job, const char* triangle, int n, float* a, int lda, float* w, float* work, int lwork, int* iwork, int liwork, int* info) {
    ssyevd_(job, triangle, &n, a, &lda, w, work, &lwork, iwork, &liwork, info);
}
void lapack(const char* job, const char* triangle, int n, double* a, int lda, double* w, double* work, int lwork, int* iwork, int liwork, int* info) {
    dsyevd_(job, triangle, &n, a, &lda, w, work, &lwork, iwork, &liwork, info);
}

/// Elements of workspace that the twin asks for: the library's own numbers are its secret.
int workspace(cusolverEigMode_t job, int n) { return job == CUSOLVER_EIG_MODE_VECTOR ? 2 * n * n + 7 * n + 33 : 9 * n + 33; }

/// "CUSOLVER_STATUS_INVALID_VALUE: invalid parameters were passed (n<0, or lda<max(1,n), or jobz is not CUSOLVER_EIG_MODE_NOVECTOR or
/// CUSOLVER_EIG_MODE_VECTOR, or uplo is not CUBLAS_FILL_MODE_LOWER or CUBLAS_FILL_MODE_UPPER)."
bool valid(cusolverEigMode_t job, cublasFillMode_t triangle, int n, int lda) {
    return n >= 0 && lda >= std::max(1, n) && (job == CUSOLVER_EIG_MODE_NOVECTOR || job == CUSOLVER_EIG_MODE_VECTOR) &&
           (triangle == CUBLAS_FILL_MODE_LOWER || triangle == CUBLAS_FILL_MODE_UPPER);
}

template <class T>
void decompose(cusolverEigMode_t job, cublasFillMode_t triangle, int n, T* a, int lda, T* w, T* work, int lwork, int* info) {
    const bool vectors = job == CUSOLVER_EIG_MODE_VECTOR;
    std::vector<T> mine(static_cast<std::size_t>(2 * n * n + 6 * n + 1));
    std::vector<int> integers(static_cast<std::size_t>(5 * n + 3));
    lapack(vectors ? "V" : "N", triangle == CUBLAS_FILL_MODE_LOWER ? "L" : "U", n, a, lda, w, mine.data(), static_cast<int>(mine.size()), integers.data(),
           static_cast<int>(integers.size()), info);
    // "If jobz = CUSOLVER_EIG_MODE_NOVECTOR, the contents of A are destroyed." And so are those of the workspace.
    std::memset(static_cast<void*>(work), undefined_byte, static_cast<std::size_t>(lwork) * sizeof(T));
    for (int column = 0; column < n && !vectors; ++column)
        std::memset(static_cast<void*>(a + static_cast<std::ptrdiff_t>(column) * lda), undefined_byte, static_cast<std::size_t>(n) * sizeof(T));
}

template <class T>
cusolverStatus_t syevd_size(const char* function, cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, int lda, int* lwork) {
    return call(function, handle, [&](Machine&, const SolverHandle&) {
        if (!valid(job, triangle, n, lda) || !lwork) return CUSOLVER_STATUS_INVALID_VALUE;
        *lwork = workspace(job, n);
        return CUSOLVER_STATUS_SUCCESS;
    });
}

template <class T>
cusolverStatus_t syevd(const char* function, cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, T* a, int lda, T* w,
                       T* work, int lwork, int* info) {
    return call(function, handle, [&](Machine& m, const SolverHandle& h) {
        const std::string where = function;
        if (!valid(job, triangle, n, lda)) return CUSOLVER_STATUS_INVALID_VALUE;
        if (lwork < workspace(job, n)) return CUSOLVER_STATUS_INVALID_VALUE;   // "lwork: size of work, returned by syevd_bufferSize"
        if (m.current_device() != h.device) {
            m.fault(where + ": another device is current than the handle's");
            return CUSOLVER_STATUS_SUCCESS;
        }
        const std::shared_ptr<Stream> stream = m.stream(h.stream, function);
        if (!stream) return CUSOLVER_STATUS_SUCCESS;
        const auto count = static_cast<std::size_t>(n);
        const Range matrix = range(a, n == 0 ? 0 : ((count - 1) * static_cast<std::size_t>(lda) + count) * sizeof(T)), values = range(w, count * sizeof(T)),
                    scratch = range(work, static_cast<std::size_t>(lwork) * sizeof(T)), code = range(info, sizeof(int));
        bool there = true;
        for (const auto& [memory, name] : {std::pair{matrix, "A"}, std::pair{values, "W"}, std::pair{scratch, "work"}, std::pair{code, "devInfo"}})
            there = m.on_device(memory.first, memory.bytes, *stream, where + ", " + name) && there;
        for (const Range& memory : {matrix, values, code})
            if (memory.overlaps(scratch)) m.fault(where + ": the workspace overlaps an argument");
        if (matrix.overlaps(values) || matrix.overlaps(code) || values.overlaps(code)) m.fault(where + ": arguments overlap");
        if (!there) return CUSOLVER_STATUS_SUCCESS;
        put(*stream, [=] { decompose(job, triangle, n, a, lda, w, work, lwork, info); });
        return CUSOLVER_STATUS_SUCCESS;
    });
}

cusolverStatus_t create(cusolverDnHandle_t* handle) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const int status = m.called("cusolverDnCreate"); status != 0) return static_cast<cusolverStatus_t>(status);
    if (m.broken != cudaSuccess || m.devices.empty()) return CUSOLVER_STATUS_NOT_INITIALIZED;   // "cusolverDnCreate()": the runtime does not start
    auto made = std::make_shared<SolverHandle>();
    made->device = m.current_device();
    *handle = m.solvers.add(std::move(made));
    return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t destroy(cusolverDnHandle_t handle) {
    return call("cusolverDnDestroy", handle, [&](Machine& m, SolverHandle&) {
        m.solvers.remove(handle);
        return CUSOLVER_STATUS_SUCCESS;
    });
}

cusolverStatus_t set_stream(cusolverDnHandle_t handle, cudaStream_t stream) {
    return call("cusolverDnSetStream", handle, [&](Machine& m, SolverHandle& h) {
        const std::shared_ptr<Stream> found = m.stream(stream, "cusolverDnSetStream");
        if (found && found->device != h.device) m.fault("cusolverDnSetStream: a stream of another device than the handle's");
        h.stream = stream;
        return CUSOLVER_STATUS_SUCCESS;
    });
}

cusolverStatus_t get_version(int* version) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const int status = m.called("cusolverGetVersion"); status != 0) return static_cast<cusolverStatus_t>(status);
    if (!version) return CUSOLVER_STATUS_INVALID_VALUE;
    *version = CUSOLVER_VERSION;
    return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t ssyevd_size(cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, const float*, int lda, const float*, int* lwork) {
    return syevd_size<float>("cusolverDnSsyevd_bufferSize", handle, job, triangle, n, lda, lwork);
}
cusolverStatus_t dsyevd_size(cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, const double*, int lda, const double*, int* lwork) {
    return syevd_size<double>("cusolverDnDsyevd_bufferSize", handle, job, triangle, n, lda, lwork);
}
cusolverStatus_t ssyevd(cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, float* a, int lda, float* w, float* work, int lwork,
                        int* info) {
    return syevd("cusolverDnSsyevd", handle, job, triangle, n, a, lda, w, work, lwork, info);
}
cusolverStatus_t dsyevd(cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, double* a, int lda, double* w, double* work,
                        int lwork, int* info) {
    return syevd("cusolverDnDsyevd", handle, job, triangle, n, a, lda, w, work, lwork, info);
}

}  // namespace

}  // namespace assay::test::twin

namespace assay::engine::cuda {

const Cusolver& cusolver() {
    namespace twin = assay::test::twin;
    static constexpr Cusolver table{
        .cusolverDnCreate = &twin::create,
        .cusolverDnDestroy = &twin::destroy,
        .cusolverDnSetStream = &twin::set_stream,
        .cusolverGetVersion = &twin::get_version,
        .cusolverDnSsyevd_bufferSize = &twin::ssyevd_size,
        .cusolverDnSsyevd = &twin::ssyevd,
        .cusolverDnDsyevd_bufferSize = &twin::dsyevd_size,
        .cusolverDnDsyevd = &twin::dsyevd,
    };
    return table;
}

}  // namespace assay::engine::cuda
