// Every call that can fail does, one after the other: the backend says so with an error of the project, keeps nothing, and works again
// unless the device is gone.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/engine/layers/network_cases.hpp"
#include "tests/engine/layers/network_runner.hpp"
#include "tests/twin/twin.hpp"

#include <cublas_v2.h>
#include <cusolverDn.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace assay::test {
namespace {

using engine::Backend;
using engine::Buffer;
using engine::DType;
using testing::HasSubstr;
using testing::IsEmpty;

/// Some of everything: copies, kernels, products of both libraries' functions, scratch memory that grows, a sort.
std::vector<double> work(Backend& b) {
    std::vector<double> all;
    for (const DType type : {DType::float32, DType::float64}) {
        const Buffer a = b.from_host(normals(12, 1), type), index = b.from_host(std::vector<double>{2, 0, 2, 1}, DType::int32);
        Buffer c = b.zeros(type, 9), sums = b.zeros(type, 3), wide = b.allocate(DType::float64, 9), batch = b.zeros(type, 18);
        b.gemm(false, true, 3, 3, 4, 1, a.const_view(), 4, a.const_view(), 4, 0, c.view(), 3);
        b.gemm_batched(false, true, 3, 3, 2, 1, a.const_view(), 2, 6, a.const_view(), 2, 0, 0, batch.view(), 3, 9, 2);
        b.column_sums(c.const_view(), 3, 3, sums.view(), false);
        b.softmax(c.const_view(), 3, 3, c.view());
        b.scatter_add(c.const_view().slice(0, 4), index.const_view(), sums.view());
        b.copy(c.const_view(), wide.view());
        b.copy(batch.const_view().slice(0, 9), batch.view().slice(9, 9));
        Buffer spectra = b.zeros(type, 9), matrices = b.allocate(type, 18);
        b.copy(c.const_view(), matrices.view().slice(0, 9));
        b.symmetric_eigenvalues(3, 1, matrices.view().slice(0, 9), spectra.view().slice(0, 3));
        b.copy(batch.const_view(), matrices.view());
        b.symmetric_eigenvalues(3, 2, matrices.view(), spectra.view().slice(3, 6));
        for (const Buffer* result : {&c, &sums, &wide, &batch, &spectra}) {
            const std::vector<double> values = b.to_host(result->const_view());
            all.insert(all.end(), values.begin(), values.end());
        }
        all.push_back(b.dot(a.const_view(), a.const_view()));
    }
    return all;
}

/// Called when something is given back; an error of these is for nobody.
bool gives_back(const std::string& function) {
    static const std::set<std::string> names{"cudaFreeAsync", "cudaFreeHost", "cudaStreamDestroy", "cudaEventDestroy", "cudaMemPoolDestroy", "cublasDestroy_v2", "cusolverDnDestroy",
                                             "cusolverDnDestroySyevjInfo"};
    return names.contains(function);
}

/// Of its own library: what a call may answer without the device being lost.
int status_of(const std::string& function) {
    if (function.starts_with("cusolver")) return static_cast<int>(CUSOLVER_STATUS_EXECUTION_FAILED);
    return function.starts_with("cublas") ? static_cast<int>(CUBLAS_STATUS_EXECUTION_FAILED) : static_cast<int>(cudaErrorDevicesUnavailable);
}

TEST(Failures, OfEveryCallAreErrorsAndLeaveNothing) {
    std::vector<double> expected;
    {
        const auto b = engine::cuda::make_cuda_backend({});
        expected = work(*b);
    }
    const std::map<std::string, int> calls = twin::calls();
    EXPECT_GE(calls.size(), 25u) << "the work misses what can fail";
    int errors = 0;
    for (const auto& [function, count] : calls) {
        for (int nth = 1; nth <= std::min(count, 40); ++nth) {
            SCOPED_TRACE(function + ", call " + std::to_string(nth));
            twin::restart();
            twin::fail(function, status_of(function), nth);
            std::unique_ptr<Backend> b;
            std::vector<double> found;
            bool failed = false;
            try {
                b = engine::cuda::make_cuda_backend({});
                found = work(*b);
            } catch (const Error& error) {
                failed = true;
                EXPECT_EQ(error.kind(), ErrorKind::unavailable) << error.what();
                EXPECT_THAT(error.what(), testing::AnyOf(HasSubstr("cudaErrorDevicesUnavailable"), HasSubstr("CUBLAS_STATUS_EXECUTION_FAILED"),
                                                         HasSubstr("CUSOLVER_STATUS_EXECUTION_FAILED")));
            }
            errors += failed;
            if (gives_back(function)) {
                EXPECT_FALSE(failed);
                b.reset();
                twin::restart();   // what was not given back stays there
                continue;
            }
            if (!failed) {
                EXPECT_EQ(found, expected) << "neither an error nor the right values";
            } else if (b) {
                EXPECT_EQ(work(*b), expected) << "the backend works no more";
            }
            b.reset();
            EXPECT_THAT(twin::leaks(), IsEmpty());
            EXPECT_THAT(twin::take_faults(), IsEmpty());
        }
    }
    EXPECT_GT(errors, 100);
}

TEST(Failures, ADeviceThatBreaksAnywhereEndsTheWorkAndNothingElse) {
    std::uint64_t launches = 0;
    {
        const auto b = engine::cuda::make_cuda_backend({});
        (void)work(*b);
        launches = twin::launches();
    }
    ASSERT_GT(launches, 10u);
    for (std::uint64_t good = 0; good < launches; ++good) {
        twin::restart();
        auto b = engine::cuda::make_cuda_backend({});
        twin::break_device_after(good);
        for (int again = 0; again < 2; ++again) {
            try {
                (void)work(*b);
                ADD_FAILURE() << "worked on after launch " << good;
            } catch (const Error& error) {
                EXPECT_EQ(error.kind(), ErrorKind::unavailable);
                EXPECT_THAT(error.what(), HasSubstr("can use the device no more"));
            }
        }
        EXPECT_NO_THROW(b.reset());
        EXPECT_THROW(engine::cuda::make_cuda_backend({}), Error);
        EXPECT_NO_THROW((void)engine::cuda::status());
    }
    twin::restart();
}

// A network whose passes run out of memory somewhere: at every amount the error is one of resources, and the same lane computes again.
TEST(Failures, MemoryMayEndAnywhereInAPass) {
    constexpr std::size_t mebibyte = std::size_t{1} << 20;
    const model::Model model = images();
    const auto pass = [&](Backend& b) {
        const engine::Network network(model, {.precision = DType::float64});
        const Buffer parameters = network.pack(b, model.weights);
        engine::Batch batch{3000, {}};
        batch.inputs.push_back(b.from_host(normals(3000 * 40, 1), DType::float64));
        engine::Tape tape = network.forward(b, parameters.const_view(), std::move(batch));
        const Buffer seeds = b.from_host(normals(3000 * 3, 2), DType::float64);
        Buffer gradient = b.zeros(DType::float64, network.layout().trainable_count);
        const std::vector<engine::ConstView> seed{seeds.const_view()};
        network.backward(b, tape, seed, gradient.view());
        return b.to_host(gradient.const_view());
    };
    std::vector<double> expected;
    std::size_t most = 0;
    {
        const auto b = engine::cuda::make_cuda_backend({.workspace = mebibyte});
        expected = pass(*b);
        most = twin::peak();
    }
    const std::size_t least = 34 * mebibyte;   // what a backend takes for itself
    ASSERT_GT(most, least);
    int ended = 0, held = 0;
    for (std::size_t memory = least; memory <= most + mebibyte; memory += (most - least) / 9) {
        twin::restart({{.memory = memory}});
        const auto b = engine::cuda::make_cuda_backend({.workspace = mebibyte});
        try {
            EXPECT_EQ(pass(*b), expected);
            ++held;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::resource) << error.what();
            ++ended;
        }
        EXPECT_EQ(b->to_host(b->zeros(DType::float32, 3).const_view()), std::vector<double>(3, 0.0)) << "all of the pass was given back";
    }
    EXPECT_GT(ended, 3);
    EXPECT_GT(held, 0);
}

TEST(Failures, OfPinnedMemoryAreOfResources) {
    twin::limit_pinned(std::size_t{1} << 20);
    try {
        (void)engine::cuda::make_cuda_backend({});
        FAIL() << "32 MiB of pinned memory came from one";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::resource);
    }
    twin::restart();
    EXPECT_NO_THROW((void)engine::cuda::make_cuda_backend({}));
}

}  // namespace
}  // namespace assay::test
