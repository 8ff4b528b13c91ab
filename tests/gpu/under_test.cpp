// The engine's tests in this program run on a CUDA device: number ASSAY_CUDA_DEVICE of the visible ones, 0 by default. Without one it
// says why and ends with 77. All share one stream, pinned buffers and library handles: making them takes longer than most tests.

#include "libanalysis/engine/cuda/cuda.hpp"
#include "tests/engine/backend/backend_under_test.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

int main(int count, char** words) {
    testing::InitGoogleTest(&count, words);
    const char* named = std::getenv("ASSAY_CUDA_DEVICE");
    static const int device = named ? std::atoi(named) : 0;
    const assay::engine::cuda::Status status = assay::engine::cuda::status();
    if (!status.reason.empty() && !testing::GTEST_FLAG(list_tests)) {
        std::printf("SKIPPED: no test ran on a device: %s\n", status.reason.c_str());
        return 77;
    }
    static std::unique_ptr<assay::engine::Backend> shared;
    assay::test::make_backend_under_test = [] {
        if (!shared) shared = assay::engine::cuda::make_cuda_backend({.device = device});
        return shared->lane();
    };
    if (status.reason.empty()) std::printf("on cuda:%d, %s\n", device, assay::engine::cuda::description(device).c_str());
    const int result = RUN_ALL_TESTS();
    shared.reset();   // before CUDA ends with the process
    return result;
}
