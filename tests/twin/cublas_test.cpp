// The twin's cuBLAS: products against loops, and for every rule one call that breaks it.

#include "libanalysis/engine/cuda/libraries.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/oracle/arrays.hpp"
#include "tests/twin/raw_device.hpp"

#include <functional>

namespace assay::test {
namespace {

using engine::cuda::cublas;
using oracle::Array;

class TwinBlas : public testing::Test {
protected:
    TwinBlas() {
        EXPECT_EQ(cublas().cublasCreate_v2(&handle), CUBLAS_STATUS_SUCCESS);
        EXPECT_EQ(cublas().cublasSetStream_v2(handle, d.stream), CUBLAS_STATUS_SUCCESS);
        workspace = d.allocate<std::byte>(bytes);
        EXPECT_EQ(cublas().cublasSetWorkspace_v2(handle, workspace, bytes), CUBLAS_STATUS_SUCCESS);
        EXPECT_EQ(cublas().cublasSetPointerMode_v2(handle, CUBLAS_POINTER_MODE_HOST), CUBLAS_STATUS_SUCCESS);
        EXPECT_EQ(cublas().cublasSetMathMode(handle, CUBLAS_DEFAULT_MATH), CUBLAS_STATUS_SUCCESS);
    }
    ~TwinBlas() override { EXPECT_EQ(cublas().cublasDestroy_v2(handle), CUBLAS_STATUS_SUCCESS); }

    static constexpr std::size_t bytes = 32 << 10;
    RawDevice d;
    cublasHandle_t handle = nullptr;
    std::byte* workspace = nullptr;
};

template <class T>
std::vector<T> narrowed(const Array& values) { return {values.begin(), values.end()}; }

template <class T>
cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, T alpha, const T* a, int lda, const T* b, int ldb,
                    T beta, T* c, int ldc) {
    if constexpr (std::is_same_v<T, float>) return cublas().cublasSgemm_v2(handle, ta, tb, m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc);
    else return cublas().cublasDgemm_v2(handle, ta, tb, m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc);
}

/// Stored by columns, a matrix is the transpose of the same numbers stored by rows: the oracle's factors change places.
template <class T>
void products_equal_loops(RawDevice& d, cublasHandle_t handle) {
    for (const auto& [m, n, k] : {std::array{1, 1, 1}, std::array{5, 7, 3}, std::array{33, 20, 40}, std::array{4, 3, 0}}) {
        for (const bool ta : {false, true}) {
            for (const bool tb : {false, true}) {
                for (const double beta : {0.0, 1.0, -0.5}) {
                    const int lda = (ta ? k : m) + 2, ldb = (tb ? n : k) + 1, ldc = m + 3;
                    const Array a = normals(oracle::at(lda * (ta ? m : k) + 1), 1), b = normals(oracle::at(ldb * (tb ? k : n) + 1), 2);
                    const Array c = normals(oracle::at(ldc * n), 3);
                    Array expected = c;
                    oracle::gemm(tb, ta, n, m, k, 1.5, b, ldb, a, lda, beta, expected, ldc);
                    std::vector<T> start = narrowed<T>(c);
                    if (beta == 0)
                        for (int column = 0; column < n; ++column)
                            for (int row = 0; row < m; ++row) start[oracle::at(column * ldc + row)] = std::numeric_limits<T>::quiet_NaN();   // not read
                    T* const result = d.put(start);
                    EXPECT_EQ(gemm<T>(handle, ta ? CUBLAS_OP_T : CUBLAS_OP_N, tb ? CUBLAS_OP_T : CUBLAS_OP_N, m, n, k, T(1.5), d.put(narrowed<T>(a)), lda,
                                      d.put(narrowed<T>(b)), ldb, static_cast<T>(beta), result, ldc),
                              CUBLAS_STATUS_SUCCESS);
                    EXPECT_LE(distance(d.get(result, start.size()), expected), roundoff<T>) << m << "x" << n << "x" << k << ta << tb << beta;
                }
            }
        }
    }
}

TEST_F(TwinBlas, ProductsEqualLoopsInFloat64) { products_equal_loops<double>(d, handle); }
TEST_F(TwinBlas, ProductsEqualLoopsInFloat32) { products_equal_loops<float>(d, handle); }

TEST_F(TwinBlas, ProductsOfABatchAreThoseOfItsMatrices) {
    const int m = 3, n = 2, k = 4, count = 3;
    const double one = 1, half = 0.5;
    for (const long long distance_b : {0LL, 9LL}) {   // one matrix for all, or each its own
        const Array a = normals(13 * count, 1), b = normals(9 * count, 2), c = normals(7 * count, 3);
        Array expected = c;
        for (int i = 0; i < count; ++i) oracle::gemm(false, false, n, m, k, 1, b, k, a, m, 0.5, expected, m, i * distance_b, i * 13, i * 7);
        double* const result = d.put(c);
        EXPECT_EQ(cublas().cublasDgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &one, d.put(a), m, 13, d.put(b), k, distance_b, &half, result, m,
                                                     7, count),
                  CUBLAS_STATUS_SUCCESS);
        EXPECT_LE(distance(d.get(result, c.size()), expected), roundoff<double>);
    }
}

/// A product of 2x3 by 3x4 with everything right, and what a test makes wrong.
struct Call {
    cublasHandle_t handle;
    cublasOperation_t ta = CUBLAS_OP_N, tb = CUBLAS_OP_N;
    int m = 2, n = 4, k = 3;
    double one = 1, zero = 0;
    const double *alpha = &one, *beta = &zero;
    double *a, *b, *c;
    int lda = 2, ldb = 3, ldc = 2;

    Call(cublasHandle_t on, RawDevice& d) : handle(on), a(d.allocate<double>(6)), b(d.allocate<double>(12)), c(d.allocate<double>(8)) {}
    cublasStatus_t operator()() const { return cublas().cublasDgemm_v2(handle, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc); }
};

TEST_F(TwinBlas, WrongArgumentsAreNamedByTheirStatus) {
    const Call right(handle, d);
    EXPECT_EQ(right(), CUBLAS_STATUS_SUCCESS);
    struct Case {
        const char* what;
        std::function<void(Call&)> change;
        cublasStatus_t expected;
    };
    const Case cases[] = {
        {"lda below the rows of A", [](Call& c) { c.lda = 1; }, CUBLAS_STATUS_INVALID_VALUE},
        {"lda below the rows of A as stored", [](Call& c) { c.ta = CUBLAS_OP_T; }, CUBLAS_STATUS_INVALID_VALUE},
        {"ldb below the rows of B", [](Call& c) { c.ldb = 2; }, CUBLAS_STATUS_INVALID_VALUE},
        {"ldb below the rows of B as stored", [](Call& c) { c.tb = CUBLAS_OP_T; }, CUBLAS_STATUS_INVALID_VALUE},
        {"ldc below the rows of C", [](Call& c) { c.ldc = 1; }, CUBLAS_STATUS_INVALID_VALUE},
        {"a leading dimension of 0 for no rows", [](Call& c) { c.m = c.ldc = c.lda = 0; }, CUBLAS_STATUS_INVALID_VALUE},
        {"a negative size", [](Call& c) { c.k = -1; }, CUBLAS_STATUS_INVALID_VALUE},
        {"a transposition that real matrices do not have", [](Call& c) { c.ta = CUBLAS_OP_CONJG; }, CUBLAS_STATUS_INVALID_VALUE},
        {"no alpha", [](Call& c) { c.alpha = nullptr; }, CUBLAS_STATUS_INVALID_VALUE},
        {"no beta", [](Call& c) { c.beta = nullptr; }, CUBLAS_STATUS_INVALID_VALUE},
        {"no C", [](Call& c) { c.c = nullptr; }, CUBLAS_STATUS_INVALID_VALUE},
        {"no handle", [](Call& c) { c.handle = nullptr; }, CUBLAS_STATUS_NOT_INITIALIZED},
        {"nothing to add up", [](Call& c) { c.k = 0, c.a = c.b = nullptr; }, CUBLAS_STATUS_SUCCESS},
        {"no result", [](Call& c) { c.n = 0, c.a = c.b = c.c = nullptr; }, CUBLAS_STATUS_SUCCESS},
    };
    for (const Case& tested : cases) {
        Call call = right;
        call.alpha = &call.one, call.beta = &call.zero;   // its own
        tested.change(call);
        EXPECT_EQ(call(), tested.expected) << tested.what;
        expect_no_fault();
    }
}

TEST_F(TwinBlas, WhatTheLibraryDoesNotNoticeIsAFault) {
    const Call right(handle, d);
    double* const wide = d.allocate<double>(5 * 8);
    struct Case {
        std::function<void(Call&)> change;
        const char* words;
    };
    const Case cases[] = {
        {[](Call& c) { c.lda = 3; }, "cublasDgemm_v2, A: 64 bytes from byte 0 of an allocation of 48"},
        {[](Call& c) { c.ldb = 4; }, "cublasDgemm_v2, B: 120 bytes from byte 0 of an allocation of 96"},
        {[](Call& c) { c.ldc = 3; }, "cublasDgemm_v2, C: 88 bytes from byte 0 of an allocation of 64"},
        {[](Call& c) { c.m = 3, c.lda = c.ldc = 3; }, "cublasDgemm_v2, C: 96 bytes from byte 0 of an allocation of 64"},
        {[](Call& c) { c.a = &c.one; }, "cublasDgemm_v2, A: memory that is not allocated on the device"},
        {[](Call& c) { c.beta = c.b; }, "cublasDgemm_v2: scalars on the device"},
        {[](Call& c) { c.b = c.c, c.n = 2, c.k = 2, c.ldb = 2; }, "cublasDgemm_v2: C overlaps B"},
        {[&](Call& c) { c.a = wide, c.lda = 5, c.c = wide + 1, c.ldc = 5; }, "cublasDgemm_v2: C overlaps A"},
        {[&](Call& c) { c.b = reinterpret_cast<double*>(workspace); }, "cublasDgemm_v2: the workspace overlaps B"},
    };
    for (const Case& tested : cases) {
        Call call = right;
        call.alpha = &call.one, call.beta = &call.zero;
        tested.change(call);
        (void)call();
        const std::vector<std::string> faults = twin::take_faults();
        ASSERT_FALSE(faults.empty()) << tested.words;
        EXPECT_EQ(faults.front(), tested.words);
    }
    Call beside = right;   // columns of one wider matrix, taken by rows: 2 of 5 are read, the other 2 written
    beside.alpha = &beside.one, beside.beta = &beside.zero;
    beside.a = wide, beside.lda = 5, beside.c = wide + 2, beside.ldc = 5;
    EXPECT_EQ(beside(), CUBLAS_STATUS_SUCCESS);
    expect_no_fault();
}

TEST_F(TwinBlas, ResultsOfABatchDoNotOverlap) {
    const Call right(handle, d);
    double* const many = d.allocate<double>(100);
    const auto run = [&](long long distance_c, int count, int ldc = 2) {
        return cublas().cublasDgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 4, 3, &right.one, right.a, 2, 0, right.b, 3, 0, &right.zero, many, ldc,
                                                  distance_c, count);
    };
    EXPECT_EQ(run(8, 3), CUBLAS_STATUS_SUCCESS);
    expect_no_fault();
    (void)run(7, 3);
    expect_fault("cublasDgemmStridedBatched: results of the batch overlap");
    EXPECT_EQ(run(7, 1), CUBLAS_STATUS_SUCCESS);
    expect_no_fault();
    EXPECT_EQ(run(2, 3, 6), CUBLAS_STATUS_SUCCESS) << "side by side";
    expect_no_fault();
    for (const auto& [distance_c, count, ldc] : {std::array{1, 2, 6}, std::array{2, 4, 6}, std::array{5, 2, 6}, std::array{0, 2, 6}}) {
        (void)run(distance_c, count, ldc);
        expect_fault("cublasDgemmStridedBatched: results of the batch overlap");
    }
    EXPECT_EQ(run(8, -1), CUBLAS_STATUS_INVALID_VALUE);
    (void)run(8, 13);
    expect_fault("cublasDgemmStridedBatched, C: 832 bytes from byte 0 of an allocation of 800");
}

TEST_F(TwinBlas, ScalarsAreReadAtTheCallAndArraysInTheStreamsOrder) {
    double two = 2, zero = 0;
    double *const a = d.put<double>({3}), *const b = d.put<double>({5}), *const c = d.allocate<double>(1), *const host = d.pin<double>(1);
    EXPECT_EQ(cublas().cublasDgemm_v2(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &two, a, 1, b, 1, &zero, c, 1), CUBLAS_STATUS_SUCCESS);
    two = 100;
    d.release(a);   // after the product, in the stream's order
    EXPECT_CUDA(cudaMemcpyAsync(host, c, sizeof(double), cudaMemcpyDeviceToHost, d.stream));
    EXPECT_TRUE(std::isnan(*host)) << "nobody waited";
    d.wait();
    EXPECT_EQ(*host, 30);
}

TEST_F(TwinBlas, AHandleNeedsItsStreamAndItsWorkspace) {
    const Call right(handle, d);
    EXPECT_EQ(cublas().cublasSetWorkspace_v2(handle, workspace + 8, bytes - 8), CUBLAS_STATUS_INVALID_VALUE) << "not aligned to 256 bytes";
    (void)cublas().cublasSetWorkspace_v2(handle, workspace, 1024);
    expect_fault("cublasSetWorkspace: less than 16 KiB");
    (void)cublas().cublasSetWorkspace_v2(handle, workspace, 2 * bytes);
    expect_fault("cublasSetWorkspace: 65536 bytes from byte 0 of an allocation of 32768");
    EXPECT_EQ(cublas().cublasSetStream_v2(handle, d.stream), CUBLAS_STATUS_SUCCESS);
    (void)right();
    expect_fault("cublasDgemm_v2: the handle has no workspace of its own (cublasSetStream resets it)");
    void* const short_lived = d.allocate<std::byte>(bytes);
    EXPECT_EQ(cublas().cublasSetWorkspace_v2(handle, short_lived, bytes), CUBLAS_STATUS_SUCCESS);
    d.release(short_lived);
    (void)right();
    expect_fault("cublasDgemm_v2, workspace: memory that is not allocated on the device");

    cublasHandle_t other = nullptr;
    EXPECT_EQ(cublas().cublasCreate_v2(&other), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublas().cublasSetWorkspace_v2(other, workspace, bytes), CUBLAS_STATUS_SUCCESS);
    expect_fault("cublasSetWorkspace: before cublasSetStream, which resets it");
    Call call = right;
    call.handle = other, call.alpha = &call.one, call.beta = &call.zero;
    (void)call();
    expect_fault("cublasDgemm_v2: the default stream; every call names a stream of its own");
    EXPECT_EQ(cublas().cublasDestroy_v2(other), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(call(), CUBLAS_STATUS_NOT_INITIALIZED);
    expect_fault("cublasDgemm_v2: a handle that is none, or was destroyed");
}

TEST_F(TwinBlas, ModesAndVersionAreChecked) {
    EXPECT_EQ(cublas().cublasSetMathMode(handle, static_cast<cublasMath_t>(7)), CUBLAS_STATUS_INVALID_VALUE);
    int version = 0;
    EXPECT_EQ(cublas().cublasGetVersion_v2(nullptr, &version), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(version, CUBLAS_VERSION);
    EXPECT_EQ(cublas().cublasGetVersion_v2(nullptr, nullptr), CUBLAS_STATUS_INVALID_VALUE);
    const Call right(handle, d);
    EXPECT_EQ(cublas().cublasSetPointerMode_v2(handle, CUBLAS_POINTER_MODE_DEVICE), CUBLAS_STATUS_SUCCESS);
    (void)right();
    expect_fault("cublasDgemm_v2: scalars on the device");
}

TEST(TwinBlasErrors, ComeToOrderAndAfterTheDeviceBroke) {
    cublasHandle_t handle = nullptr;
    twin::fail("cublasCreate_v2", CUBLAS_STATUS_ALLOC_FAILED);
    EXPECT_EQ(cublas().cublasCreate_v2(&handle), CUBLAS_STATUS_ALLOC_FAILED);
    EXPECT_EQ(cublas().cublasCreate_v2(nullptr), CUBLAS_STATUS_INVALID_VALUE);
    EXPECT_EQ(cublas().cublasCreate_v2(&handle), CUBLAS_STATUS_SUCCESS);
    cudaStream_t stream = nullptr;
    EXPECT_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    twin::break_device_after(0);
    engine::cuda::run_on_twin(stream, [] {});
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorIllegalAddress);
    EXPECT_EQ(cublas().cublasSetStream_v2(handle, stream), CUBLAS_STATUS_EXECUTION_FAILED);
    twin::restart({});
    EXPECT_EQ(cublas().cublasCreate_v2(&handle), CUBLAS_STATUS_NOT_INITIALIZED) << "no device";
}

TEST(TwinBlasErrors, AHandleBelongsToTheDeviceItWasMadeOn) {
    twin::restart({{}, {}});
    RawDevice first(0);
    cublasHandle_t handle = nullptr;
    EXPECT_EQ(cublas().cublasCreate_v2(&handle), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublas().cublasSetStream_v2(handle, first.stream), CUBLAS_STATUS_SUCCESS);
    const Call right(handle, first);
    EXPECT_CUDA(cudaSetDevice(1));
    (void)right();
    expect_fault("cublasDgemm_v2: another device is current than the handle's");
    RawDevice second(1);
    EXPECT_EQ(cublas().cublasSetStream_v2(handle, second.stream), CUBLAS_STATUS_SUCCESS);
    expect_fault("cublasSetStream: a stream of another device than the handle's");
    EXPECT_EQ(cublas().cublasDestroy_v2(handle), CUBLAS_STATUS_SUCCESS);
    expect_fault("cublasDestroy: another device is current than the handle's");
}

// A grid's third extent counts them, and ends there.
TEST_F(TwinBlas, ABatchHasAtMost65535Matrices) {
    const float one = 1;
    float* const a = d.allocate<float>(1);
    float* const c = d.allocate<float>(65536);
    const auto product = [&](int count) {
        return cublas().cublasSgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, a, 1, 0, a, 1, 0, &one, c, 1, 1, count);
    };
    EXPECT_EQ(product(65535), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(product(65536), CUBLAS_STATUS_EXECUTION_FAILED);
    expect_fault("cublasSgemmStridedBatched: more than 65535 matrices");
}

}  // namespace
}  // namespace assay::test
