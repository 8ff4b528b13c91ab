// The functions of cuSOLVER that Assay calls. Rules are those of the cuSOLVER library's reference, sections "cusolverDn<t>syevd()" and
// "cusolverDn<t>syevjBatched()".

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

struct JacobiParameters {
    bool sorted = true;   ///< "cusolverDnXsyevjSetSortEig(): ... the eigenvalues are sorted by default"
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
void decompose(cusolverEigMode_t job, cublasFillMode_t triangle, int n, T* a, int lda, T* w, int* info) {
    const bool vectors = job == CUSOLVER_EIG_MODE_VECTOR;
    std::vector<T> mine(static_cast<std::size_t>(2 * n * n + 6 * n + 1));
    std::vector<int> integers(static_cast<std::size_t>(5 * n + 3));
    lapack(vectors ? "V" : "N", triangle == CUBLAS_FILL_MODE_LOWER ? "L" : "U", n, a, lda, w, mine.data(), static_cast<int>(mine.size()), integers.data(),
           static_cast<int>(integers.size()), info);
    // "If jobz = CUSOLVER_EIG_MODE_NOVECTOR, the contents of A are destroyed."
    for (int column = 0; column < n && !vectors; ++column)
        std::memset(static_cast<void*>(a + static_cast<std::ptrdiff_t>(column) * lda), undefined_byte, static_cast<std::size_t>(n) * sizeof(T));
}

/// Matrices [n, n] one behind the other, decomposed on `stream`; `rules` are those of the function that asks, already kept.
template <class T>
struct Decomposition {
    cusolverEigMode_t job;
    cublasFillMode_t triangle;
    int n;
    T* a;
    int lda;
    T* w;
    T* work;
    int lwork;
    int* info;
    int count;
};

template <class T>
cusolverStatus_t put_decomposition(const char* function, Machine& m, const SolverHandle& h, const Decomposition<T>& d) {
    const std::string where = function;
    if (m.current_device() != h.device) {
        m.fault(where + ": another device is current than the handle's");
        return CUSOLVER_STATUS_SUCCESS;
    }
    const std::shared_ptr<Stream> stream = m.stream(h.stream, function);
    if (!stream) return CUSOLVER_STATUS_SUCCESS;
    const auto n = static_cast<std::size_t>(d.n), batch = static_cast<std::size_t>(d.count), apart = n * static_cast<std::size_t>(d.lda);
    const Range matrix = range(d.a, n * batch == 0 ? 0 : ((batch * n - 1) * static_cast<std::size_t>(d.lda) + n) * sizeof(T)),
                values = range(d.w, n * batch * sizeof(T)), scratch = range(d.work, static_cast<std::size_t>(d.lwork) * sizeof(T)),
                code = range(d.info, batch * sizeof(int));
    bool there = true;
    for (const auto& [memory, name] : {std::pair{matrix, "A"}, std::pair{values, "W"}, std::pair{scratch, "work"}, std::pair{code, "devInfo"}})
        there = m.on_device(memory.first, memory.bytes, *stream, where + ", " + name) && there;
    for (const Range& memory : {matrix, values, code})
        if (memory.overlaps(scratch)) m.fault(where + ": the workspace overlaps an argument");
    if (matrix.overlaps(values) || matrix.overlaps(code) || values.overlaps(code)) m.fault(where + ": arguments overlap");
    if (!there) return CUSOLVER_STATUS_SUCCESS;
    put(*stream, [d, apart, scratch, spoiled = m.spoiled.contains(function)] {
        std::memset(static_cast<void*>(d.work), undefined_byte, scratch.bytes);   // nothing is to be found there afterwards
        for (int i = 0; i < d.count; ++i) {
            const auto behind = static_cast<std::size_t>(i);
            decompose(d.job, d.triangle, d.n, d.a + behind * apart, d.lda, d.w + behind * static_cast<std::size_t>(d.n), d.info + i);
            if (spoiled) d.info[i] = d.n + 1;   // "if info[i] = n+1, syevjBatched does not converge on i-th matrix"
        }
    });
    return CUSOLVER_STATUS_SUCCESS;
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
        if (!valid(job, triangle, n, lda)) return CUSOLVER_STATUS_INVALID_VALUE;
        if (lwork < workspace(job, n)) return CUSOLVER_STATUS_INVALID_VALUE;   // "lwork: size of work, returned by syevd_bufferSize"
        return put_decomposition<T>(function, m, h, {job, triangle, n, a, lda, w, work, lwork, info, 1});
    });
}

/// "CUSOLVER_STATUS_INVALID_VALUE: invalid parameters were passed (n<0, or lda<max(1,n), or jobz is not ..., or uplo is not ..., or
/// batchSize<0)"; the workspace that the twin asks for grows with the batch.
int batched_workspace(cusolverEigMode_t job, int n, int count) { return count * (workspace(job, n) + n * n); }

template <class T>
cusolverStatus_t syevj_batched_size(const char* function, cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, int lda,
                                    int* lwork, syevjInfo_t parameters, int count) {
    return call(function, handle, [&](Machine& m, const SolverHandle&) {
        if (!valid(job, triangle, n, lda) || count < 0 || !lwork || !m.jacobi.find(parameters)) return CUSOLVER_STATUS_INVALID_VALUE;
        *lwork = batched_workspace(job, n, count);
        return CUSOLVER_STATUS_SUCCESS;
    });
}

template <class T>
cusolverStatus_t syevj_batched(const char* function, cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, T* a, int lda,
                               T* w, T* work, int lwork, int* info, syevjInfo_t parameters, int count) {
    return call(function, handle, [&](Machine& m, const SolverHandle& h) {
        const std::shared_ptr<JacobiParameters> told = m.jacobi.find(parameters);
        // As of batches of products (cublas.cpp).
        if (count > 65535) {
            m.fault(std::string(function) + ": more than 65535 matrices");
            return CUSOLVER_STATUS_EXECUTION_FAILED;
        }
        if (!valid(job, triangle, n, lda) || count < 0 || !told) return CUSOLVER_STATUS_INVALID_VALUE;
        if (lwork < batched_workspace(job, n, count)) return CUSOLVER_STATUS_INVALID_VALUE;
        if (!told->sorted) m.fault(std::string(function) + ": eigenvalues in no order, which Assay does not use");
        return put_decomposition<T>(function, m, h, {job, triangle, n, a, lda, w, work, lwork, info, count});
    });
}

cusolverStatus_t create_jacobi(syevjInfo_t* info) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const int status = m.called("cusolverDnCreateSyevjInfo"); status != 0) return static_cast<cusolverStatus_t>(status);
    *info = m.jacobi.add(std::make_shared<JacobiParameters>());
    return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t destroy_jacobi(syevjInfo_t info) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const int status = m.called("cusolverDnDestroySyevjInfo"); status != 0) return static_cast<cusolverStatus_t>(status);
    if (!m.jacobi.remove(info)) m.fault("cusolverDnDestroySyevjInfo: parameters that are none, or were destroyed");
    return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t set_sorted(syevjInfo_t info, int sorted) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const int status = m.called("cusolverDnXsyevjSetSortEig"); status != 0) return static_cast<cusolverStatus_t>(status);
    const std::shared_ptr<JacobiParameters> found = m.jacobi.find(info);
    if (!found) m.fault("cusolverDnXsyevjSetSortEig: parameters that are none, or were destroyed");
    else found->sorted = sorted != 0;
    return CUSOLVER_STATUS_SUCCESS;
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
    return call("cusolverDnDestroy", handle, [&](Machine& m, SolverHandle& h) {
        if (m.current_device() != h.device) m.fault("cusolverDnDestroy: another device is current than the handle's");
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
cusolverStatus_t ssyevj_size(cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, const float*, int lda, const float*, int* lwork,
                             syevjInfo_t parameters, int count) {
    return syevj_batched_size<float>("cusolverDnSsyevjBatched_bufferSize", handle, job, triangle, n, lda, lwork, parameters, count);
}
cusolverStatus_t dsyevj_size(cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, const double*, int lda, const double*, int* lwork,
                             syevjInfo_t parameters, int count) {
    return syevj_batched_size<double>("cusolverDnDsyevjBatched_bufferSize", handle, job, triangle, n, lda, lwork, parameters, count);
}
cusolverStatus_t ssyevj(cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, float* a, int lda, float* w, float* work, int lwork,
                        int* info, syevjInfo_t parameters, int count) {
    return syevj_batched("cusolverDnSsyevjBatched", handle, job, triangle, n, a, lda, w, work, lwork, info, parameters, count);
}
cusolverStatus_t dsyevj(cusolverDnHandle_t handle, cusolverEigMode_t job, cublasFillMode_t triangle, int n, double* a, int lda, double* w, double* work,
                        int lwork, int* info, syevjInfo_t parameters, int count) {
    return syevj_batched("cusolverDnDsyevjBatched", handle, job, triangle, n, a, lda, w, work, lwork, info, parameters, count);
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
        .cusolverDnCreateSyevjInfo = &twin::create_jacobi,
        .cusolverDnDestroySyevjInfo = &twin::destroy_jacobi,
        .cusolverDnXsyevjSetSortEig = &twin::set_sorted,
        .cusolverDnSsyevjBatched_bufferSize = &twin::ssyevj_size,
        .cusolverDnSsyevjBatched = &twin::ssyevj,
        .cusolverDnDsyevjBatched_bufferSize = &twin::dsyevj_size,
        .cusolverDnDsyevjBatched = &twin::dsyevj,
    };
    return table;
}

}  // namespace assay::engine::cuda
