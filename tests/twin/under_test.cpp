// The engine's tests in this program run on the CUDA backend.

#include "libanalysis/engine/cuda/cuda.hpp"
#include "tests/engine/backend/backend_under_test.hpp"

namespace assay::test {
namespace {

const bool said = [] {
    make_backend_under_test = [] { return engine::cuda::make_cuda_backend({}); };
    return true;
}();

}  // namespace
}  // namespace assay::test
