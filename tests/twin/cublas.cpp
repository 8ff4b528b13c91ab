// The functions of cuBLAS that Assay calls. Rules are those of the cuBLAS library's reference; each names its section.

#include "libanalysis/engine/cuda/libraries.hpp"
#include "tests/twin/machine.hpp"

#include <cblas.h>
#include <omp.h>

#include <algorithm>
#include <string>

namespace assay::test::twin {

struct BlasHandle {
    int device = 0;
    cudaStream_t stream = nullptr;
    cublasPointerMode_t pointers = CUBLAS_POINTER_MODE_HOST;
    Range workspace;
};

namespace {

/// The body of a function: errors to order; CUBLAS_STATUS_EXECUTION_FAILED after the device broke; a live handle.
template <class Body>
cublasStatus_t call(const char* function, cublasHandle_t handle, Body&& body) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const int status = m.called(function); status != 0) return static_cast<cublasStatus_t>(status);
    if (m.broken != cudaSuccess) return CUBLAS_STATUS_EXECUTION_FAILED;
    const std::shared_ptr<BlasHandle> found = m.blas.find(handle);
    if (!found) {
        if (handle) m.fault(std::string(function) + ": a handle that is none, or was destroyed");
        return CUBLAS_STATUS_NOT_INITIALIZED;   // "cublasStatus_t"
    }
    return body(m, *found);
}

/// One thread of OpenBLAS, as everywhere in Assay; the caller's own setting comes back.
class Serial {
public:
    Serial() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
    ~Serial() { omp_set_num_threads(before_); }
    Serial(const Serial&) = delete;
    Serial& operator=(const Serial&) = delete;

private:
    int before_;
};

CBLAS_TRANSPOSE transposition(cublasOperation_t operation) { return operation == CUBLAS_OP_N ? CblasNoTrans : CblasTrans; }

void product(cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, double alpha, const double* a, int lda, const double* b, int ldb, double beta,
             double* c, int ldc) {
    cblas_dgemm(CblasColMajor, transposition(ta), transposition(tb), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void product(cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, float alpha, const float* a, int lda, const float* b, int ldb, float beta,
             float* c, int ldc) {
    cblas_sgemm(CblasColMajor, transposition(ta), transposition(tb), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/// Matrices [rows, cols] at a distance from one another, stored by columns.
struct Stored {
    const void* data;
    std::int64_t rows, cols, leading, distance, count;
    std::size_t element;
    bool empty() const { return rows == 0 || cols == 0 || count == 0; }
    std::int64_t extent() const { return (cols - 1) * leading + rows; }   ///< of one, in elements
    Range whole() const { return range(data, static_cast<std::size_t>((count - 1) * distance + extent()) * element); }
    bool overlaps(const Stored& other) const {
        if (empty() || other.empty() || !whole().overlaps(other.whole())) return false;
        if (count > 1 || other.count > 1 || leading != other.leading) return true;
        // Side by side in rows of one wider matrix?
        const auto apart = (static_cast<const std::byte*>(other.data) - static_cast<const std::byte*>(data)) / static_cast<std::ptrdiff_t>(element);
        const std::int64_t from = (apart % leading + leading) % leading;
        return from < rows || from + other.rows > leading;
    }
    /// Whether two of these matrices share an element: matrix i + d lies d * distance behind matrix i, whose columns lie `leading` apart.
    bool overlap_one_another() const {
        for (std::int64_t d = 1; d < count; ++d) {
            const std::int64_t shift = std::abs(d * distance), column = shift / leading, row = shift % leading;
            if ((column < cols && row < rows) || (column + 1 < cols && leading - row < rows)) return true;
        }
        return false;
    }
};

bool known(cublasOperation_t operation) { return operation == CUBLAS_OP_N || operation == CUBLAS_OP_T || operation == CUBLAS_OP_C; }

template <class T>
struct Gemm {
    cublasOperation_t ta, tb;
    int m, n, k;
    const T* alpha;
    const T* a;
    int lda;
    long long distance_a;
    const T* b;
    int ldb;
    long long distance_b;
    const T* beta;
    T* c;
    int ldc;
    long long distance_c;
    int count;
};

template <class T>
cublasStatus_t gemm(const char* function, Machine& m, const BlasHandle& handle, Gemm<T> g) {
    const std::string where = function;
    // "cublas<t>gemm()": array dimensions, and the table of returned statuses.
    if (g.m < 0 || g.n < 0 || g.k < 0 || g.count < 0 || !known(g.ta) || !known(g.tb)) return CUBLAS_STATUS_INVALID_VALUE;
    const Stored a{g.a, g.ta == CUBLAS_OP_N ? g.m : g.k, g.ta == CUBLAS_OP_N ? g.k : g.m, g.lda, g.distance_a, g.count, sizeof(T)};
    const Stored b{g.b, g.tb == CUBLAS_OP_N ? g.k : g.n, g.tb == CUBLAS_OP_N ? g.n : g.k, g.ldb, g.distance_b, g.count, sizeof(T)};
    const Stored c{g.c, g.m, g.n, g.ldc, g.distance_c, g.count, sizeof(T)};
    for (const Stored* matrix : {&a, &b, &c})
        if (matrix->leading < std::max<std::int64_t>(1, matrix->rows)) return CUBLAS_STATUS_INVALID_VALUE;
    if (!g.alpha || !g.beta) return CUBLAS_STATUS_INVALID_VALUE;
    // CUDA C++ Programming Guide, "Technical Specifications per Compute Capability": a grid's third extent, in which kernels count the
    // matrices of a batch, is at most 65535.
    if (g.count > 65535) {
        m.fault(where + ": more than 65535 matrices");
        return CUBLAS_STATUS_EXECUTION_FAILED;
    }
    // "cuBLAS context": a handle works on the device that was current when it was made.
    if (m.current_device() != handle.device) {
        m.fault(where + ": another device is current than the handle's");
        return CUBLAS_STATUS_SUCCESS;
    }
    // Without cublasSetStream() the work goes to the default stream.
    const std::shared_ptr<Stream> stream = m.stream(handle.stream, function);
    if (!stream) return CUBLAS_STATUS_SUCCESS;
    // "Results reproducibility", "cublasSetWorkspace()": cublasSetStream() resets the workspace to the library's own, with which results
    // may depend on what else runs.
    if (handle.workspace.bytes == 0) m.fault(where + ": the handle has no workspace of its own (cublasSetStream resets it)");
    else if (!m.on_device(handle.workspace.first, handle.workspace.bytes, *stream, where + ", workspace")) return CUBLAS_STATUS_SUCCESS;
    if (c.empty()) return CUBLAS_STATUS_SUCCESS;
    // "cublasPointerMode_t": in the host's mode scalars are read from the host before the call returns.
    if (handle.pointers != CUBLAS_POINTER_MODE_HOST || m.is_device(g.alpha) || m.is_device(g.beta)) {
        m.fault(where + ": scalars on the device");
        return CUBLAS_STATUS_SUCCESS;
    }
    const T alpha = *g.alpha, beta = *g.beta;
    if (!g.c) return CUBLAS_STATUS_INVALID_VALUE;
    const bool reads = g.k > 0;
    // "cublas<t>gemmStridedBatched()": matrices of C must not overlap (they may lie between one another's columns), and what is read may.
    if (c.overlap_one_another()) m.fault(where + ": results of the batch overlap");
    if (g.count > 1 && (g.distance_a < 0 || g.distance_b < 0 || g.distance_c < 0)) m.fault(where + ": a negative distance, which Assay does not use");
    bool there = m.on_device(c.data, c.whole().bytes, *stream, where + ", C");
    for (const auto& [matrix, name] : {std::pair{&a, "A"}, std::pair{&b, "B"}}) {
        if (!reads) continue;
        there = m.on_device(matrix->data, matrix->whole().bytes, *stream, where + ", " + name) && there;
        if (matrix->overlaps(c)) m.fault(where + ": C overlaps " + name);
        if (matrix->whole().overlaps(handle.workspace)) m.fault(where + ": the workspace overlaps " + name);
    }
    if (c.whole().overlaps(handle.workspace)) m.fault(where + ": the workspace overlaps C");
    if (!there) return CUBLAS_STATUS_SUCCESS;
    put(*stream, [g, alpha, beta] {
        const Serial serial;
        // "beta: ... If beta == 0, C does not have to be a valid input": OpenBLAS does not read it then either.
        for (long long i = 0; i < g.count; ++i) {
            product(g.ta, g.tb, g.m, g.n, g.k, alpha, g.a + i * g.distance_a, g.lda, g.b + i * g.distance_b, g.ldb, beta, g.c + i * g.distance_c, g.ldc);
        }
    });
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t create(cublasHandle_t* handle) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const int status = m.called("cublasCreate_v2"); status != 0) return static_cast<cublasStatus_t>(status);
    if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
    if (m.broken != cudaSuccess || m.devices.empty()) return CUBLAS_STATUS_NOT_INITIALIZED;   // "cublasCreate()": the runtime does not start
    auto made = std::make_shared<BlasHandle>();
    made->device = m.current_device();
    *handle = m.blas.add(std::move(made));
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t destroy(cublasHandle_t handle) {
    return call("cublasDestroy_v2", handle, [&](Machine& m, BlasHandle& h) {
        // "cuBLAS context": what a handle holds belongs to the device that was current when it was made.
        if (m.current_device() != h.device) m.fault("cublasDestroy: another device is current than the handle's");
        m.blas.remove(handle);
        return CUBLAS_STATUS_SUCCESS;
    });
}

cublasStatus_t set_stream(cublasHandle_t handle, cudaStream_t stream) {
    return call("cublasSetStream_v2", handle, [&](Machine& m, BlasHandle& h) {
        const std::shared_ptr<Stream> found = m.stream(stream, "cublasSetStream");
        if (found && found->device != h.device) m.fault("cublasSetStream: a stream of another device than the handle's");
        h.stream = stream;
        h.workspace = {};   // "cublasSetStream()": "unconditionally resets the cuBLAS library workspace back to the default workspace pool"
        return CUBLAS_STATUS_SUCCESS;
    });
}

cublasStatus_t set_math_mode(cublasHandle_t handle, cublasMath_t mode) {
    return call("cublasSetMathMode", handle, [&](Machine&, BlasHandle&) {
        const bool valid = mode == CUBLAS_DEFAULT_MATH || mode == CUBLAS_PEDANTIC_MATH || mode == CUBLAS_TF32_TENSOR_OP_MATH;
        return valid ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
    });
}

cublasStatus_t set_pointer_mode(cublasHandle_t handle, cublasPointerMode_t mode) {
    return call("cublasSetPointerMode_v2", handle, [&](Machine&, BlasHandle& h) {
        h.pointers = mode;
        return CUBLAS_STATUS_SUCCESS;
    });
}

cublasStatus_t set_workspace(cublasHandle_t handle, void* workspace, std::size_t bytes) {
    return call("cublasSetWorkspace_v2", handle, [&](Machine& m, BlasHandle& h) {
        // "cublasSetWorkspace()": aligned to 256 bytes; less than 16 KiB may make products fail.
        if (reinterpret_cast<std::uintptr_t>(workspace) % 256 != 0) return CUBLAS_STATUS_INVALID_VALUE;
        if (const std::shared_ptr<Stream> stream = m.streams.find(h.stream)) (void)m.on_device(workspace, bytes, *stream, "cublasSetWorkspace");
        else m.fault("cublasSetWorkspace: before cublasSetStream, which resets it");
        if (bytes < (std::size_t{16} << 10)) m.fault("cublasSetWorkspace: less than 16 KiB");
        h.workspace = range(workspace, bytes);
        return CUBLAS_STATUS_SUCCESS;
    });
}

/// "cublasGetVersion()": the library asks nothing of the handle, not even that there is one.
cublasStatus_t get_version(cublasHandle_t, int* version) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const int status = m.called("cublasGetVersion_v2"); status != 0) return static_cast<cublasStatus_t>(status);
    if (!version) return CUBLAS_STATUS_INVALID_VALUE;
    *version = CUBLAS_VERSION;
    return CUBLAS_STATUS_SUCCESS;
}

template <class T>
cublasStatus_t gemm_one(const char* function, cublasHandle_t handle, Gemm<T> g) {
    return call(function, handle, [&](Machine& m, const BlasHandle& h) { return gemm<T>(function, m, h, g); });
}

cublasStatus_t sgemm(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, const float* alpha, const float* a, int lda,
                     const float* b, int ldb, const float* beta, float* c, int ldc) {
    return gemm_one<float>("cublasSgemm_v2", handle, {ta, tb, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1});
}
cublasStatus_t dgemm(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, const double* alpha, const double* a, int lda,
                     const double* b, int ldb, const double* beta, double* c, int ldc) {
    return gemm_one<double>("cublasDgemm_v2", handle, {ta, tb, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1});
}
cublasStatus_t sgemm_batched(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, const float* alpha, const float* a,
                             int lda, long long distance_a, const float* b, int ldb, long long distance_b, const float* beta, float* c, int ldc,
                             long long distance_c, int count) {
    return gemm_one<float>("cublasSgemmStridedBatched", handle,
                           {ta, tb, m, n, k, alpha, a, lda, distance_a, b, ldb, distance_b, beta, c, ldc, distance_c, count});
}
cublasStatus_t dgemm_batched(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, const double* alpha, const double* a,
                             int lda, long long distance_a, const double* b, int ldb, long long distance_b, const double* beta, double* c, int ldc,
                             long long distance_c, int count) {
    return gemm_one<double>("cublasDgemmStridedBatched", handle,
                            {ta, tb, m, n, k, alpha, a, lda, distance_a, b, ldb, distance_b, beta, c, ldc, distance_c, count});
}

}  // namespace

}  // namespace assay::test::twin

namespace assay::engine::cuda {

const Cublas& cublas() {
    namespace twin = assay::test::twin;
    static constexpr Cublas table{
        .cublasCreate_v2 = &twin::create,
        .cublasDestroy_v2 = &twin::destroy,
        .cublasSetStream_v2 = &twin::set_stream,
        .cublasSetMathMode = &twin::set_math_mode,
        .cublasSetPointerMode_v2 = &twin::set_pointer_mode,
        .cublasSetWorkspace_v2 = &twin::set_workspace,
        .cublasGetVersion_v2 = &twin::get_version,
        .cublasSgemm_v2 = &twin::sgemm,
        .cublasDgemm_v2 = &twin::dgemm,
        .cublasSgemmStridedBatched = &twin::sgemm_batched,
        .cublasDgemmStridedBatched = &twin::dgemm_batched,
    };
    return table;
}

}  // namespace assay::engine::cuda
