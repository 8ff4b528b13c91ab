// What is declared of cuDNN here is what its own header says, where one is installed.

#include "libanalysis/engine/cuda/cudnn_library.hpp"

#include <gtest/gtest.h>

#if __has_include(<cudnn.h>)
#include <cudnn.h>

#include <cstddef>
#include <type_traits>
#endif

namespace assay::engine::cuda::dnn {
namespace {

#if __has_include(<cudnn.h>)

static_assert(success == CUDNN_STATUS_SUCCESS && sizeof(Status) == sizeof(cudnnStatus_t));
static_assert(nhwc == CUDNN_TENSOR_NHWC && float32 == CUDNN_DATA_FLOAT && cross_correlation == CUDNN_CROSS_CORRELATION);
static_assert(default_math == CUDNN_DEFAULT_MATH && fma_math == CUDNN_FMA_MATH && deterministic == CUDNN_DETERMINISTIC);
static_assert(forward_implicit_gemm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM && forward_gemm == CUDNN_CONVOLUTION_FWD_ALGO_GEMM &&
              forward_implicit_precomputed_gemm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM && forward_algorithms == CUDNN_CONVOLUTION_FWD_ALGO_COUNT);
static_assert(backward_data_1 == CUDNN_CONVOLUTION_BWD_DATA_ALGO_1 && backward_data_algorithms == CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT);
static_assert(backward_filter_1 == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1 && backward_filter_algorithms == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT);

template <class Theirs>
constexpr bool is_proposal = sizeof(Proposal) == sizeof(Theirs) && offsetof(Proposal, algorithm) == offsetof(Theirs, algo) &&
                             offsetof(Proposal, status) == offsetof(Theirs, status) && offsetof(Proposal, time) == offsetof(Theirs, time) &&
                             offsetof(Proposal, memory) == offsetof(Theirs, memory) && offsetof(Proposal, determinism) == offsetof(Theirs, determinism) &&
                             offsetof(Proposal, math) == offsetof(Theirs, mathType);
static_assert(is_proposal<cudnnConvolutionFwdAlgoPerf_t> && is_proposal<cudnnConvolutionBwdDataAlgoPerf_t> && is_proposal<cudnnConvolutionBwdFilterAlgoPerf_t>);

// Enumerations are passed as int, and pointers stand for each other; kinds and order of arguments must be the same.
template <class T>
struct Kind { using type = T; };
template <class T>
    requires std::is_enum_v<T>
struct Kind<T> { using type = int; };
template <class T>
struct Kind<T*> { using type = void*; };
template <>
struct Kind<const char*> { using type = const char*; };

template <class Function>
struct Signature;
template <class Result, class... Arguments>
struct Signature<Result (*)(Arguments...)> {
    using type = typename Kind<Result>::type (*)(typename Kind<std::remove_const_t<Arguments>>::type...);
};

#define ASSAY_SAME(name, result, arguments) \
    static_assert(std::is_same_v<Signature<decltype(Library::name)>::type, Signature<decltype(&::name)>::type>, #name);
ASSAY_CUDNN(ASSAY_SAME)
#undef ASSAY_SAME

TEST(CudnnDeclarations, AreThoseOfItsHeader) { SUCCEED() << "compared when this was compiled, with version " << CUDNN_MAJOR; }

#else

TEST(CudnnDeclarations, AreThoseOfItsHeader) { GTEST_SKIP() << "no header of cuDNN was found when this was compiled: the declarations were not compared"; }

#endif

}  // namespace
}  // namespace assay::engine::cuda::dnn
