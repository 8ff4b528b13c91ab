#pragma once
// The functions of cuDNN that Assay calls, as a table filled at run time. cuDNN's header is not needed to build Assay: what is used of it
// is declared here, from its reference ("cudnn_graph", "cudnn_ops" and "cudnn_cnn Library"), and a test compares it with the header where
// one is installed. Versions 8 and 9 have all of it with these numbers.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <string>

namespace assay::engine::cuda::dnn {

using Status = int;                    // cudnnStatus_t
inline constexpr Status success = 0;   // CUDNN_STATUS_SUCCESS; the others differ between versions

// Opaque, each behind a pointer: cudnnHandle_t, cudnnTensorDescriptor_t, cudnnFilterDescriptor_t, cudnnConvolutionDescriptor_t.
struct Context;
struct Tensor;
struct Filter;
struct Convolution;

// cudnnTensorFormat_t, cudnnDataType_t, cudnnConvolutionMode_t, cudnnMathType_t, cudnnDeterminism_t.
inline constexpr int nhwc = 1, float32 = 0, cross_correlation = 1, default_math = 0, tensor_math = 1, tensor_math_converting = 2,
                     fma_math = 3, deterministic = 1;

// cudnnConvolution{Fwd,BwdData,BwdFilter}Algo_t: those that sum products as they stand, in an order of their own. The others go by way of
// transforms (FFT, Winograd), which round otherwise, or add in no order (algorithm 0 of the two backward ones, 3 of the last).
inline constexpr int forward_implicit_gemm = 0, forward_implicit_precomputed_gemm = 1, forward_gemm = 2, forward_algorithms = 8;
inline constexpr int backward_data_1 = 1, backward_data_algorithms = 6;
inline constexpr int backward_filter_1 = 1, backward_filter_algorithms = 7;

/// cudnnConvolution{Fwd,BwdData,BwdFilter}AlgoPerf_t, which are alike: one algorithm for a shape, the fastest first.
struct Proposal {
    int algorithm;
    Status status;
    float time;
    std::size_t memory;   ///< bytes of workspace
    int determinism, math;
    int reserved[3];
};

/// row(name, result, arguments)
#define ASSAY_CUDNN(row) \
    row(cudnnGetVersion, std::size_t, (void)) \
    row(cudnnGetErrorString, const char*, (Status)) \
    row(cudnnCreate, Status, (Context**)) \
    row(cudnnDestroy, Status, (Context*)) \
    row(cudnnSetStream, Status, (Context*, cudaStream_t)) \
    row(cudnnCreateTensorDescriptor, Status, (Tensor**)) \
    row(cudnnDestroyTensorDescriptor, Status, (Tensor*)) \
    row(cudnnSetTensor4dDescriptor, Status, (Tensor*, int format, int type, int n, int c, int h, int w)) \
    row(cudnnCreateFilterDescriptor, Status, (Filter**)) \
    row(cudnnDestroyFilterDescriptor, Status, (Filter*)) \
    row(cudnnSetFilter4dDescriptor, Status, (Filter*, int type, int format, int k, int c, int h, int w)) \
    row(cudnnCreateConvolutionDescriptor, Status, (Convolution**)) \
    row(cudnnDestroyConvolutionDescriptor, Status, (Convolution*)) \
    row(cudnnSetConvolution2dDescriptor, Status, \
        (Convolution*, int pad_h, int pad_w, int stride_h, int stride_w, int dilation_h, int dilation_w, int mode, int type)) \
    row(cudnnSetConvolutionGroupCount, Status, (Convolution*, int groups)) \
    row(cudnnSetConvolutionMathType, Status, (Convolution*, int math)) \
    row(cudnnGetConvolutionForwardAlgorithm_v7, Status, \
        (Context*, const Tensor* x, const Filter* w, const Convolution*, const Tensor* y, int asked, int* given, Proposal*)) \
    row(cudnnGetConvolutionBackwardDataAlgorithm_v7, Status, \
        (Context*, const Filter* w, const Tensor* dy, const Convolution*, const Tensor* dx, int asked, int* given, Proposal*)) \
    row(cudnnGetConvolutionBackwardFilterAlgorithm_v7, Status, \
        (Context*, const Tensor* x, const Tensor* dy, const Convolution*, const Filter* dw, int asked, int* given, Proposal*)) \
    row(cudnnConvolutionForward, Status, \
        (Context*, const void* alpha, const Tensor*, const void* x, const Filter*, const void* w, const Convolution*, int algorithm, void* workspace, \
         std::size_t bytes, const void* beta, const Tensor*, void* y)) \
    row(cudnnConvolutionBackwardData, Status, \
        (Context*, const void* alpha, const Filter*, const void* w, const Tensor*, const void* dy, const Convolution*, int algorithm, void* workspace, \
         std::size_t bytes, const void* beta, const Tensor*, void* dx)) \
    row(cudnnConvolutionBackwardFilter, Status, \
        (Context*, const void* alpha, const Tensor*, const void* x, const Tensor*, const void* dy, const Convolution*, int algorithm, void* workspace, \
         std::size_t bytes, const void* beta, const Filter*, void* dw))

#define ASSAY_ENTRY(name, result, arguments) result(*name) arguments = nullptr;
struct Library { ASSAY_CUDNN(ASSAY_ENTRY) };
#undef ASSAY_ENTRY

/// Loaded once a process. @throws Error{unavailable} as cublas() does. The host twin defines it with its own table.
const Library& library();

/// ASSAY_CUDNN=off, in the environment: to see what cuDNN is worth.
bool switched_off();

/// "9.19.0" of what cudnnGetVersion gives: 91900, and 8907 before version 9.
std::string version(const Library& library);

}  // namespace assay::engine::cuda::dnn
