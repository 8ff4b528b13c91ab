// The twin's cuSOLVER: eigenvalues against closed forms, and for every rule one call that breaks it.

#include "libanalysis/engine/cuda/libraries.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/twin/raw_device.hpp"

#include <functional>
#include <numbers>

namespace assay::test {
namespace {

using engine::cuda::cusolver;

class TwinSolver : public testing::Test {
protected:
    TwinSolver() {
        EXPECT_EQ(cusolver().cusolverDnCreate(&handle), CUSOLVER_STATUS_SUCCESS);
        EXPECT_EQ(cusolver().cusolverDnSetStream(handle, d.stream), CUSOLVER_STATUS_SUCCESS);
    }
    ~TwinSolver() override { EXPECT_EQ(cusolver().cusolverDnDestroy(handle), CUSOLVER_STATUS_SUCCESS); }
    RawDevice d;
    cusolverDnHandle_t handle = nullptr;
};

template <class T>
struct Functions;
template <>
struct Functions<float> {
    static constexpr auto size = &engine::cuda::Cusolver::cusolverDnSsyevd_bufferSize;
    static constexpr auto solve = &engine::cuda::Cusolver::cusolverDnSsyevd;
};
template <>
struct Functions<double> {
    static constexpr auto size = &engine::cuda::Cusolver::cusolverDnDsyevd_bufferSize;
    static constexpr auto solve = &engine::cuda::Cusolver::cusolverDnDsyevd;
};

/// 2 on the diagonal and -1 beside it, of order n: its eigenvalues are 2 - 2 cos(k pi / (n + 1)). One triangle alone holds it.
template <class T>
void second_differences(RawDevice& d, cusolverDnHandle_t handle) {
    const int n = 12, lda = 15;
    for (const cublasFillMode_t triangle : {CUBLAS_FILL_MODE_LOWER, CUBLAS_FILL_MODE_UPPER}) {
        for (const cusolverEigMode_t job : {CUSOLVER_EIG_MODE_VECTOR, CUSOLVER_EIG_MODE_NOVECTOR}) {
            std::vector<T> stored(static_cast<std::size_t>(lda * n), std::numeric_limits<T>::quiet_NaN());
            const auto entry = [&](int row, int column) { return row == column ? T(2) : std::abs(row - column) == 1 ? T(-1) : T(0); };
            for (int column = 0; column < n; ++column)
                for (int row = 0; row < n; ++row)
                    if (triangle == CUBLAS_FILL_MODE_LOWER ? row >= column : row <= column) stored[static_cast<std::size_t>(column * lda + row)] = entry(row, column);
            T *const a = d.put(stored), *const w = d.allocate<T>(n);
            int lwork = 0;
            EXPECT_EQ((cusolver().*Functions<T>::size)(handle, job, triangle, n, a, lda, w, &lwork), CUSOLVER_STATUS_SUCCESS);
            T* const work = d.allocate<T>(static_cast<std::size_t>(lwork));
            int* const info = d.allocate<int>(1);
            EXPECT_EQ((cusolver().*Functions<T>::solve)(handle, job, triangle, n, a, lda, w, work, lwork, info), CUSOLVER_STATUS_SUCCESS);
            EXPECT_EQ(d.get(info, 1)[0], 0);
            const std::vector<T> values = d.get(w, n), vectors = d.get(a, static_cast<std::size_t>(lda * n));
            for (int k = 0; k < n; ++k) EXPECT_NEAR(values[static_cast<std::size_t>(k)], 2 - 2 * std::cos((k + 1) * std::numbers::pi / (n + 1)), 4 * roundoff<T>);
            EXPECT_TRUE(std::isnan(d.get(work, 1)[0])) << "the workspace is used";
            EXPECT_TRUE(std::isnan(vectors[static_cast<std::size_t>(n)])) << "rows beyond the matrix are not";
            if (job == CUSOLVER_EIG_MODE_NOVECTOR) {
                EXPECT_TRUE(std::isnan(vectors[0])) << "the contents of A are destroyed";
                continue;
            }
            double largest = 0;
            for (int k = 0; k < n; ++k)
                for (int row = 0; row < n; ++row) {
                    double sum = -static_cast<double>(values[static_cast<std::size_t>(k)]) * static_cast<double>(vectors[static_cast<std::size_t>(k * lda + row)]);
                    for (int column = 0; column < n; ++column) sum += static_cast<double>(entry(row, column)) * static_cast<double>(vectors[static_cast<std::size_t>(k * lda + column)]);
                    const double error = std::abs(sum);
                    largest = error <= largest ? largest : error;   // NaN stays
                }
            EXPECT_LE(largest, 4 * roundoff<T>) << "A v = lambda v, by columns";
        }
    }
}

TEST_F(TwinSolver, EigenpairsOfSecondDifferencesInFloat64) { second_differences<double>(d, handle); }
TEST_F(TwinSolver, EigenpairsOfSecondDifferencesInFloat32) { second_differences<float>(d, handle); }

struct Call {
    cusolverDnHandle_t handle;
    cusolverEigMode_t job = CUSOLVER_EIG_MODE_VECTOR;
    cublasFillMode_t triangle = CUBLAS_FILL_MODE_LOWER;
    int n = 3, lda = 3, lwork = 0;
    double *a, *w, *work;
    int* info;

    Call(cusolverDnHandle_t on, RawDevice& d) : handle(on), a(d.put<double>({1, 2, 3, 2, 4, 5, 3, 5, 6})), w(d.allocate<double>(3)), info(d.allocate<int>(1)) {
        EXPECT_EQ(size(), CUSOLVER_STATUS_SUCCESS);
        work = d.allocate<double>(static_cast<std::size_t>(lwork));
    }
    cusolverStatus_t size() { return cusolver().cusolverDnDsyevd_bufferSize(handle, job, triangle, n, a, lda, w, &lwork); }
    cusolverStatus_t operator()() const { return cusolver().cusolverDnDsyevd(handle, job, triangle, n, a, lda, w, work, lwork, info); }
};

TEST_F(TwinSolver, WrongArgumentsAreNamedByTheirStatus) {
    const Call right(handle, d);
    EXPECT_EQ(right(), CUSOLVER_STATUS_SUCCESS);
    struct Case {
        const char* what;
        std::function<void(Call&)> change;
        cusolverStatus_t expected;
        bool of_size;   ///< bufferSize answers alike
    };
    const Case cases[] = {
        {"lda below n", [](Call& c) { c.lda = 2; }, CUSOLVER_STATUS_INVALID_VALUE, true},
        {"a negative n", [](Call& c) { c.n = -1; }, CUSOLVER_STATUS_INVALID_VALUE, true},
        {"neither triangle", [](Call& c) { c.triangle = CUBLAS_FILL_MODE_FULL; }, CUSOLVER_STATUS_INVALID_VALUE, true},
        {"no handle", [](Call& c) { c.handle = nullptr; }, CUSOLVER_STATUS_NOT_INITIALIZED, true},
        {"a workspace below bufferSize", [](Call& c) { --c.lwork; }, CUSOLVER_STATUS_INVALID_VALUE, false},
    };
    for (const Case& tested : cases) {
        Call call = right;
        tested.change(call);
        EXPECT_EQ(call(), tested.expected) << tested.what;
        if (tested.of_size) {
            EXPECT_EQ(call.size(), tested.expected) << tested.what;
        }
        expect_no_fault();
    }
}

TEST_F(TwinSolver, WhatTheLibraryDoesNotNoticeIsAFault) {
    const Call right(handle, d);
    int on_host = 0;
    struct Case {
        std::function<void(Call&)> change;
        const char* words;
    };
    const Case cases[] = {
        {[](Call& c) { c.lda = 4; }, "cusolverDnDsyevd, A: 88 bytes from byte 0 of an allocation of 72"},
        {[](Call& c) { ++c.w; }, "cusolverDnDsyevd, W: 24 bytes from byte 8 of an allocation of 24"},
        {[&](Call& c) { c.info = &on_host; }, "cusolverDnDsyevd, devInfo: memory that is not allocated on the device"},
        {[](Call& c) { ++c.lwork; }, "cusolverDnDsyevd, work: 584 bytes from byte 0 of an allocation of 576"},
        {[](Call& c) { c.w = c.work; }, "cusolverDnDsyevd: the workspace overlaps an argument"},
        {[](Call& c) { c.w = c.a; }, "cusolverDnDsyevd: arguments overlap"},
    };
    for (const Case& tested : cases) {
        Call call = right;
        tested.change(call);
        (void)call();
        expect_fault(tested.words);
    }
    cusolverDnHandle_t other = nullptr;
    EXPECT_EQ(cusolver().cusolverDnCreate(&other), CUSOLVER_STATUS_SUCCESS);
    Call call = right;
    call.handle = other;
    (void)call();
    expect_fault("cusolverDnDsyevd: the default stream; every call names a stream of its own");
    EXPECT_EQ(cusolver().cusolverDnDestroy(other), CUSOLVER_STATUS_SUCCESS);
    EXPECT_EQ(call(), CUSOLVER_STATUS_NOT_INITIALIZED);
    expect_fault("cusolverDnDsyevd: a handle that is none, or was destroyed");
}

TEST_F(TwinSolver, DecomposesABatchAndKeepsItsRules) {
    syevjInfo_t parameters = nullptr;
    EXPECT_EQ(cusolver().cusolverDnCreateSyevjInfo(&parameters), CUSOLVER_STATUS_SUCCESS);
    // [[2, 1], [1, 2]] and [[0, 3], [3, 0]]
    const std::vector<double> matrices{2, 1, 1, 2, 0, 3, 3, 0};
    double* const w = d.allocate<double>(4);
    int* const info = d.allocate<int>(2);
    const auto size_of = [&](int n, int lda, int count, syevjInfo_t with, int& lwork) {
        return cusolver().cusolverDnDsyevjBatched_bufferSize(handle, CUSOLVER_EIG_MODE_NOVECTOR, CUBLAS_FILL_MODE_LOWER, n, d.put(matrices), lda, w, &lwork, with, count);
    };
    int lwork = 0;
    EXPECT_EQ(size_of(2, 1, 2, parameters, lwork), CUSOLVER_STATUS_INVALID_VALUE) << "lda";
    EXPECT_EQ(size_of(2, 2, -1, parameters, lwork), CUSOLVER_STATUS_INVALID_VALUE) << "batchSize";
    EXPECT_EQ(size_of(2, 2, 2, nullptr, lwork), CUSOLVER_STATUS_INVALID_VALUE) << "no parameters";
    EXPECT_EQ(size_of(2, 2, 2, parameters, lwork), CUSOLVER_STATUS_SUCCESS);
    double* const work = d.allocate<double>(static_cast<std::size_t>(lwork));
    const auto solve = [&](int size, int count) {
        return cusolver().cusolverDnDsyevjBatched(handle, CUSOLVER_EIG_MODE_NOVECTOR, CUBLAS_FILL_MODE_LOWER, 2, d.put(matrices), 2, w, work, size, info, parameters, count);
    };
    EXPECT_EQ(solve(lwork - 1, 2), CUSOLVER_STATUS_INVALID_VALUE) << "workspace";
    EXPECT_EQ(solve(lwork, 2), CUSOLVER_STATUS_SUCCESS);
    const std::vector<double> values = d.get(w, 4), expected{1, 3, -3, 3};
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(values[i], expected[i], 4 * roundoff<double>) << i;
    EXPECT_THAT(d.get(info, 2), testing::ElementsAre(0, 0));
    expect_no_fault();
    EXPECT_EQ(solve(lwork, 65536), CUSOLVER_STATUS_EXECUTION_FAILED);
    expect_fault("cusolverDnDsyevjBatched: more than 65535 matrices");
    EXPECT_EQ(cusolver().cusolverDnXsyevjSetSortEig(parameters, 0), CUSOLVER_STATUS_SUCCESS);
    EXPECT_EQ(solve(lwork, 2), CUSOLVER_STATUS_SUCCESS);
    expect_fault("cusolverDnDsyevjBatched: eigenvalues in no order, which Assay does not use");
    EXPECT_EQ(cusolver().cusolverDnDestroySyevjInfo(parameters), CUSOLVER_STATUS_SUCCESS);
    EXPECT_EQ(solve(lwork, 2), CUSOLVER_STATUS_INVALID_VALUE);
}

TEST_F(TwinSolver, VersionAndErrorsToOrder) {
    int version = 0;
    EXPECT_EQ(cusolver().cusolverGetVersion(&version), CUSOLVER_STATUS_SUCCESS);
    EXPECT_EQ(version, CUSOLVER_VERSION);
    const Call right(handle, d);
    twin::fail("cusolverDnDsyevd", CUSOLVER_STATUS_INTERNAL_ERROR);
    EXPECT_EQ(right(), CUSOLVER_STATUS_INTERNAL_ERROR);
    EXPECT_EQ(right(), CUSOLVER_STATUS_SUCCESS);
}

}  // namespace
}  // namespace assay::test
