#pragma once

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"
#include "tests/twin/twin.hpp"

#include <cublas_v2.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::test {

/// The error that `call` throws.
template <class Call>
Error refusal(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error(ErrorKind::internal, {});
}

inline std::unique_ptr<engine::Backend> backend(int device = 0) { return engine::cuda::make_cuda_backend({.device = device}); }

}  // namespace assay::test
