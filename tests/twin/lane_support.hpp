#pragma once

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"
#include "tests/support/refusal.hpp"
#include "tests/twin/twin.hpp"

#include <cublas_v2.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::test {

inline std::unique_ptr<engine::Backend> backend(int device = 0) { return engine::cuda::make_cuda_backend({.device = device}); }

}  // namespace assay::test
