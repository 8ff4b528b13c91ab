// The functions of cuDNN that Assay calls. Rules are those of the cuDNN library's reference (version 9), which each names: "cudnn_ops
// Library" for descriptors, "cudnn_cnn Library" for convolutions.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/cudnn_library.hpp"
#include "tests/twin/machine.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace assay::test::twin {

namespace dnn = engine::cuda::dnn;

struct DnnHandle {
    int device = 0;
    cudaStream_t stream = nullptr;
};
struct DnnTensor {
    bool set = false;
    int n = 0, c = 0, h = 0, w = 0;
    std::size_t bytes() const { return sizeof(float) * static_cast<std::size_t>(n) * static_cast<std::size_t>(c) * static_cast<std::size_t>(h) * static_cast<std::size_t>(w); }
};
struct DnnFilter {
    bool set = false;
    int k = 0, c = 0, h = 0, w = 0;
    std::size_t bytes() const { return sizeof(float) * static_cast<std::size_t>(k) * static_cast<std::size_t>(c) * static_cast<std::size_t>(h) * static_cast<std::size_t>(w); }
};
struct DnnConvolution {
    bool set = false;
    int pad_h = 0, pad_w = 0, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1, groups = 1;
    int math = dnn::default_math;   // "cudnnSetConvolutionMathType(): ... CUDNN_DEFAULT_MATH" is what a descriptor begins with
};

namespace {

// cudnnStatus_t of version 9.
constexpr dnn::Status not_initialized = 1001, bad_param = 2000, null_pointer = 2002, size_insufficient = 2006, not_supported = 3000, execution_failed = 5000;

template <class Body>
dnn::Status counted(const char* function, Body&& body) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    if (const int status = m.called(function); status != 0) return status;
    if (m.broken != cudaSuccess) return execution_failed;
    return body(m);
}

/// The object behind a handle; null with a fault where there is none.
template <class Handle, class Object>
std::shared_ptr<Object> found(Machine& m, const Registry<Handle*, Object>& registry, const Handle* handle, const char* function, const char* what) {
    std::shared_ptr<Object> object = registry.find(const_cast<Handle*>(handle));
    if (!object && handle) m.fault(std::string(function) + ": " + what + " that is none, or was destroyed");
    return object;
}

template <class Handle, class Object>
dnn::Status create(const char* function, Registry<Handle*, Object> Machine::*registry, Handle** made) {
    return counted(function, [&](Machine& m) {
        if (!made) return null_pointer;
        *made = (m.*registry).add(std::make_shared<Object>());
        return dnn::success;
    });
}

template <class Handle, class Object>
dnn::Status destroy(const char* function, Registry<Handle*, Object> Machine::*registry, Handle* handle, const char* what) {
    return counted(function, [&](Machine& m) {
        if (found(m, m.*registry, handle, function, what)) (m.*registry).remove(handle);
        return dnn::success;
    });
}

std::size_t get_version() {
    machine().called("cudnnGetVersion");
    return 91900;
}

const char* error_string(dnn::Status status) {
    switch (status) {
        case dnn::success: return "CUDNN_STATUS_SUCCESS";
        case not_initialized: return "CUDNN_STATUS_NOT_INITIALIZED";
        case bad_param: return "CUDNN_STATUS_BAD_PARAM";
        case null_pointer: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
        case size_insufficient: return "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT";
        case not_supported: return "CUDNN_STATUS_NOT_SUPPORTED";
        case execution_failed: return "CUDNN_STATUS_EXECUTION_FAILED";
        default: return "CUDNN_STATUS_UNKNOWN";
    }
}

dnn::Status create_handle(dnn::Context** handle) {
    return counted("cudnnCreate", [&](Machine& m) {
        if (!handle) return null_pointer;
        if (m.devices.empty()) return not_initialized;
        auto made = std::make_shared<DnnHandle>();
        made->device = m.current_device();   // "cudnnCreate(): ... associated with the current device"
        *handle = m.dnn_handles.add(std::move(made));
        return dnn::success;
    });
}

dnn::Status destroy_handle(dnn::Context* handle) { return destroy("cudnnDestroy", &Machine::dnn_handles, handle, "a handle"); }

dnn::Status set_stream(dnn::Context* handle, cudaStream_t stream) {
    return counted("cudnnSetStream", [&](Machine& m) {
        const auto h = found(m, m.dnn_handles, handle, "cudnnSetStream", "a handle");
        if (!h) return bad_param;
        const std::shared_ptr<Stream> at = m.stream(stream, "cudnnSetStream");
        // "cudnnSetStream(): CUDNN_STATUS_BAD_PARAM ... mismatch between the user stream and the cuDNN handle context"
        if (at && at->device != h->device) return bad_param;
        h->stream = stream;
        return dnn::success;
    });
}

dnn::Status create_tensor(dnn::Tensor** made) { return create("cudnnCreateTensorDescriptor", &Machine::dnn_tensors, made); }
dnn::Status destroy_tensor(dnn::Tensor* tensor) { return destroy("cudnnDestroyTensorDescriptor", &Machine::dnn_tensors, tensor, "a descriptor"); }
dnn::Status create_filter(dnn::Filter** made) { return create("cudnnCreateFilterDescriptor", &Machine::dnn_filters, made); }
dnn::Status destroy_filter(dnn::Filter* filter) { return destroy("cudnnDestroyFilterDescriptor", &Machine::dnn_filters, filter, "a descriptor"); }
dnn::Status create_convolution(dnn::Convolution** made) { return create("cudnnCreateConvolutionDescriptor", &Machine::dnn_convolutions, made); }
dnn::Status destroy_convolution(dnn::Convolution* made) {
    return destroy("cudnnDestroyConvolutionDescriptor", &Machine::dnn_convolutions, made, "a descriptor");
}

/// What Assay asks for: NHWC in float32. Other values are the library's too, and no more than that is known of them here.
bool ours(Machine& m, const char* function, int format, int type) {
    if (format == dnn::nhwc && type == dnn::float32) return true;
    m.fault(std::string(function) + ": a format or type that Assay does not use");
    return false;
}

// "cudnnSetTensor4dDescriptor(): CUDNN_STATUS_BAD_PARAM At least one of the parameters n, c, h, w was negative or format has an invalid
// enumerant value". Empty arrays are not in the reference's shapes: none is asked for.
dnn::Status set_tensor(dnn::Tensor* tensor, int format, int type, int n, int c, int h, int w) {
    const char* const function = "cudnnSetTensor4dDescriptor";
    return counted(function, [&](Machine& m) {
        const auto t = found(m, m.dnn_tensors, tensor, function, "a descriptor");
        if (!t || !ours(m, function, format, type) || n < 1 || c < 1 || h < 1 || w < 1) return bad_param;
        *t = {true, n, c, h, w};
        return dnn::success;
    });
}

// "cudnnSetFilter4dDescriptor(): ... CUDNN_TENSOR_NHWC is KRSC: k, h, w, c from the outermost to the innermost".
dnn::Status set_filter(dnn::Filter* filter, int type, int format, int k, int c, int h, int w) {
    const char* const function = "cudnnSetFilter4dDescriptor";
    return counted(function, [&](Machine& m) {
        const auto f = found(m, m.dnn_filters, filter, function, "a descriptor");
        if (!f || !ours(m, function, format, type) || k < 1 || c < 1 || h < 1 || w < 1) return bad_param;
        *f = {true, k, c, h, w};
        return dnn::success;
    });
}

// "cudnnSetConvolution2dDescriptor(): CUDNN_STATUS_BAD_PARAM ... one of the parameters pad_h, pad_w is strictly negative; one of u, v is
// negative or zero; one of dilation_h, dilation_w is negative or zero; mode has an invalid enumerant value".
dnn::Status set_convolution(dnn::Convolution* made, int pad_h, int pad_w, int stride_h, int stride_w, int dilation_h, int dilation_w, int mode, int type) {
    const char* const function = "cudnnSetConvolution2dDescriptor";
    return counted(function, [&](Machine& m) {
        const auto c = found(m, m.dnn_convolutions, made, function, "a descriptor");
        if (!c || pad_h < 0 || pad_w < 0 || stride_h < 1 || stride_w < 1 || dilation_h < 1 || dilation_w < 1 || mode < 0 || mode > 1) return bad_param;
        if (mode != dnn::cross_correlation || type != dnn::float32) m.fault(std::string(function) + ": a mode or type that Assay does not use");
        *c = {true, pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, c->groups, c->math};
        return dnn::success;
    });
}

dnn::Status set_groups(dnn::Convolution* made, int groups) {
    return counted("cudnnSetConvolutionGroupCount", [&](Machine& m) {
        const auto c = found(m, m.dnn_convolutions, made, "cudnnSetConvolutionGroupCount", "a descriptor");
        if (!c || groups < 1) return bad_param;
        c->groups = groups;
        return dnn::success;
    });
}

dnn::Status set_math(dnn::Convolution* made, int math) {
    return counted("cudnnSetConvolutionMathType", [&](Machine& m) {
        const auto c = found(m, m.dnn_convolutions, made, "cudnnSetConvolutionMathType", "a descriptor");
        if (!c || math < 0 || math > dnn::fma_math) return bad_param;
        c->math = math;
        return dnn::success;
    });
}

/// One convolution with all that a function needs to know of it.
struct Shape {
    DnnTensor x, y;
    DnnFilter w;
    DnnConvolution c;
};

/// "cudnnConvolutionForward()", "CUDNN_STATUS_BAD_PARAM": channels of input and filter that do not match (times the groups), numbers of
/// output channels that are no multiple of the groups, and an output that is not of cudnnGetConvolution2dForwardOutputDim()'s size:
/// 1 + (input + 2 pad - ((filter - 1) dilation + 1)) / stride.
dnn::Status shape_of(Machine& m, const char* function, const dnn::Tensor* x, const dnn::Filter* w, const dnn::Convolution* c, const dnn::Tensor* y, Shape& shape) {
    const auto tx = found(m, m.dnn_tensors, x, function, "a descriptor"), ty = found(m, m.dnn_tensors, y, function, "a descriptor");
    const auto tw = found(m, m.dnn_filters, w, function, "a descriptor");
    const auto tc = found(m, m.dnn_convolutions, c, function, "a descriptor");
    if (!tx || !ty || !tw || !tc) return null_pointer;
    if (!tx->set || !ty->set || !tw->set || !tc->set) return bad_param;
    shape = {*tx, *ty, *tw, *tc};
    const auto out = [](int in, int pad, int filter, int dilation, int stride) { return 1 + (in + 2 * pad - ((filter - 1) * dilation + 1)) / stride; };
    const bool fits = tx->n == ty->n && tw->c * tc->groups == tx->c && tw->k == ty->c && tw->k % tc->groups == 0 &&
                      out(tx->h, tc->pad_h, tw->h, tc->dilation_h, tc->stride_h) == ty->h && out(tx->w, tc->pad_w, tw->w, tc->dilation_w, tc->stride_w) == ty->w;
    return fits ? dnn::success : bad_param;
}

enum class Pass { forward, backward_data, backward_filter };

/// Bytes of workspace that the twin asks for: the library's own numbers are its secret.
std::size_t workspace(const Shape& shape, int algorithm) { return algorithm == 0 ? 0 : 512 + 4 * shape.w.bytes(); }

/// "cudnnGetConvolutionForwardAlgorithm_v7(): returns all of the algorithms ... in sorted order of expected performance". The twin's
/// fastest ones are those that Assay is not to take: by transforms, without order, and one that it does not support.
dnn::Status propose(const Shape& shape, Pass pass, int asked, int* given, dnn::Proposal* proposals) {
    if (asked < 1 || !given || !proposals) return bad_param;
    struct One { int algorithm; dnn::Status status; int determinism; };
    // "cudnnConvolutionFwdAlgoPerf_t": an algorithm is proposed with the math type that it was judged with, and with another one again.
    std::vector<One> order;
    switch (pass) {
        case Pass::forward: order = {{6, dnn::success, 1}, {2, not_supported, 1}, {1, dnn::success, 1}, {0, dnn::success, 1}, {4, not_supported, 1}}; break;
        case Pass::backward_data: order = {{0, dnn::success, 0}, {4, dnn::success, 1}, {1, dnn::success, 1}}; break;
        case Pass::backward_filter: order = {{3, dnn::success, 0}, {0, dnn::success, 0}, {1, dnn::success, 1}}; break;
    }
    *given = std::min<int>(asked, 2 * static_cast<int>(order.size()));
    for (int i = 0; i < *given; ++i) {
        const One& one = order[static_cast<std::size_t>(i / 2)];
        const bool tensor = i % 2 == 0;   // faster by far, and with a workspace that the other arithmetic does not do with
        proposals[i] = {one.algorithm, one.status, -1.0f, tensor ? 0 : workspace(shape, one.algorithm), one.determinism, tensor ? dnn::tensor_math : shape.c.math, {}};
    }
    return dnn::success;
}

template <class Arguments>
dnn::Status proposals_for(const char* function, Pass pass, dnn::Context* handle, const Arguments& arguments, int asked, int* given, dnn::Proposal* proposals) {
    return counted(function, [&](Machine& m) {
        if (!found(m, m.dnn_handles, handle, function, "a handle")) return bad_param;
        Shape shape;
        if (const dnn::Status status = arguments(m, shape); status != dnn::success) return status;
        return propose(shape, pass, asked, given, proposals);
    });
}

/// "CUDNN_DEFAULT_MATH: ... on devices of compute capability 8.0 and above, Tensor Core TF32 operation is permitted": ten bits.
float factor(float value, int math) {
    if (math == dnn::fma_math) return value;
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(value) + 0x1000u) & ~std::uint32_t{0x1fff});
}

/// Calls body(x index, w index, y index) for every product.
template <class Body>
void products(const Shape& s, Body&& body) {
    const int in = s.w.c, out = s.w.k / s.c.groups;
    for (int n = 0; n < s.x.n; ++n)
        for (int oh = 0; oh < s.y.h; ++oh)
            for (int ow = 0; ow < s.y.w; ++ow)
                for (int kh = 0; kh < s.w.h; ++kh)
                    for (int kw = 0; kw < s.w.w; ++kw) {
                        const int h = oh * s.c.stride_h - s.c.pad_h + kh * s.c.dilation_h, w = ow * s.c.stride_w - s.c.pad_w + kw * s.c.dilation_w;
                        if (h < 0 || h >= s.x.h || w < 0 || w >= s.x.w) continue;
                        const auto pixel = static_cast<std::size_t>((n * s.x.h + h) * s.x.w + w) * static_cast<std::size_t>(s.x.c);
                        const auto at = static_cast<std::size_t>((n * s.y.h + oh) * s.y.w + ow) * static_cast<std::size_t>(s.y.c);
                        for (int k = 0; k < s.w.k; ++k) {
                            const std::size_t from = pixel + static_cast<std::size_t>(k / out * in);
                            const std::size_t filter = static_cast<std::size_t>((k * s.w.h + kh) * s.w.w + kw) * static_cast<std::size_t>(in);
                            for (std::size_t c = 0; c < static_cast<std::size_t>(in); ++c) body(from + c, filter + c, at + static_cast<std::size_t>(k));
                        }
                    }
}

void convolve(const Shape& s, Pass pass, const float* a, const float* b, float* result, std::size_t bytes, bool spoiled) {
    std::vector<double> sums(bytes / sizeof(float), 0.0);
    const auto term = [&](std::size_t i, std::size_t j) { return static_cast<double>(factor(a[i], s.c.math)) * static_cast<double>(factor(b[j], s.c.math)); };
    switch (pass) {
        case Pass::forward: products(s, [&](std::size_t x, std::size_t w, std::size_t y) { sums[y] += term(x, w); }); break;
        case Pass::backward_data: products(s, [&](std::size_t x, std::size_t w, std::size_t y) { sums[x] += term(w, y); }); break;
        case Pass::backward_filter: products(s, [&](std::size_t x, std::size_t w, std::size_t y) { sums[w] += term(x, y); }); break;
    }
    double largest = 0;
    for (const double sum : sums) largest = std::max(largest, std::abs(sum));
    if (spoiled) sums[0] += 3 * largest;
    std::transform(sums.begin(), sums.end(), result, [](double sum) { return static_cast<float>(sum); });
}

struct Array {
    const void* data;
    std::size_t bytes;
    const char* name;
};

/// result = convolution of a and b, by an algorithm that Assay may take.
dnn::Status put_convolution(const char* function, Machine& m, dnn::Context* handle, const Shape& shape, Pass pass, int algorithm, const void* alpha, const void* beta,
                            void* work, std::size_t work_bytes, Array a, Array b, Array result) {
    const std::string where = function;
    const std::shared_ptr<DnnHandle> h = found(m, m.dnn_handles, handle, function, "a handle");
    if (!h || !alpha || !beta || !a.data || !b.data || !result.data) return null_pointer;
    if (work_bytes < workspace(shape, algorithm)) return size_insufficient;
    if (pass == Pass::forward ? algorithm < 0 || algorithm > 2 : algorithm != 1) m.fault(where + ": an algorithm that adds in no order, or not products as they are");
    // "Scaling Parameters": alpha and beta are float for float32, on the host.
    if (m.is_device(alpha) || m.is_device(beta)) {
        m.fault(where + ": scalars on the device");
        return dnn::success;
    }
    if (*static_cast<const float*>(alpha) != 1 || *static_cast<const float*>(beta) != 0) m.fault(where + ": scalars that Assay does not use");
    if (m.current_device() != h->device) {
        m.fault(where + ": another device is current than the handle's");
        return dnn::success;
    }
    const std::shared_ptr<Stream> stream = m.stream(h->stream, function);
    if (!stream) return dnn::success;
    const Range scratch = range(work, work_bytes), out = range(result.data, result.bytes);
    bool there = m.on_device(work, work_bytes, *stream, where + ", workspace");
    for (const Array& array : {a, b, result}) {
        there = m.on_device(array.data, array.bytes, *stream, where + ", " + array.name) && there;
        if (reinterpret_cast<std::uintptr_t>(array.data) % 16 != 0) m.fault(where + ", " + array.name + ": not at a multiple of 16 bytes");
        if (range(array.data, array.bytes).overlaps(scratch)) m.fault(where + ": the workspace overlaps " + array.name);
        if (array.data != result.data && range(array.data, array.bytes).overlaps(out)) m.fault(where + ": " + array.name + " overlaps " + result.name);
    }
    if (!there) return dnn::success;
    put(*stream, [=, spoiled = m.spoiled.contains(function)] {
        convolve(shape, pass, static_cast<const float*>(a.data), static_cast<const float*>(b.data), static_cast<float*>(const_cast<void*>(result.data)), result.bytes, spoiled);
        if (work_bytes > 0) std::memset(work, undefined_byte, work_bytes);
    });
    return dnn::success;
}

dnn::Status propose_forward(dnn::Context* handle, const dnn::Tensor* x, const dnn::Filter* w, const dnn::Convolution* c, const dnn::Tensor* y, int asked, int* given,
                            dnn::Proposal* proposals) {
    const char* const function = "cudnnGetConvolutionForwardAlgorithm_v7";
    return proposals_for(function, Pass::forward, handle, [&](Machine& m, Shape& s) { return shape_of(m, function, x, w, c, y, s); }, asked, given, proposals);
}
dnn::Status propose_backward_data(dnn::Context* handle, const dnn::Filter* w, const dnn::Tensor* dy, const dnn::Convolution* c, const dnn::Tensor* dx, int asked,
                                  int* given, dnn::Proposal* proposals) {
    const char* const function = "cudnnGetConvolutionBackwardDataAlgorithm_v7";
    return proposals_for(function, Pass::backward_data, handle, [&](Machine& m, Shape& s) { return shape_of(m, function, dx, w, c, dy, s); }, asked, given, proposals);
}
dnn::Status propose_backward_filter(dnn::Context* handle, const dnn::Tensor* x, const dnn::Tensor* dy, const dnn::Convolution* c, const dnn::Filter* dw, int asked,
                                    int* given, dnn::Proposal* proposals) {
    const char* const function = "cudnnGetConvolutionBackwardFilterAlgorithm_v7";
    return proposals_for(function, Pass::backward_filter, handle, [&](Machine& m, Shape& s) { return shape_of(m, function, x, dw, c, dy, s); }, asked, given, proposals);
}

dnn::Status forward(dnn::Context* handle, const void* alpha, const dnn::Tensor* x_shape, const void* x, const dnn::Filter* w_shape, const void* w,
                    const dnn::Convolution* c, int algorithm, void* work, std::size_t bytes, const void* beta, const dnn::Tensor* y_shape, void* y) {
    const char* const function = "cudnnConvolutionForward";
    return counted(function, [&](Machine& m) {
        Shape s;
        if (const dnn::Status status = shape_of(m, function, x_shape, w_shape, c, y_shape, s); status != dnn::success) return status;
        return put_convolution(function, m, handle, s, Pass::forward, algorithm, alpha, beta, work, bytes, {x, s.x.bytes(), "x"}, {w, s.w.bytes(), "w"},
                               {y, s.y.bytes(), "y"});
    });
}
dnn::Status backward_data(dnn::Context* handle, const void* alpha, const dnn::Filter* w_shape, const void* w, const dnn::Tensor* dy_shape, const void* dy,
                          const dnn::Convolution* c, int algorithm, void* work, std::size_t bytes, const void* beta, const dnn::Tensor* dx_shape, void* dx) {
    const char* const function = "cudnnConvolutionBackwardData";
    return counted(function, [&](Machine& m) {
        Shape s;
        if (const dnn::Status status = shape_of(m, function, dx_shape, w_shape, c, dy_shape, s); status != dnn::success) return status;
        return put_convolution(function, m, handle, s, Pass::backward_data, algorithm, alpha, beta, work, bytes, {w, s.w.bytes(), "w"}, {dy, s.y.bytes(), "dy"},
                               {dx, s.x.bytes(), "dx"});
    });
}
dnn::Status backward_filter(dnn::Context* handle, const void* alpha, const dnn::Tensor* x_shape, const void* x, const dnn::Tensor* dy_shape, const void* dy,
                            const dnn::Convolution* c, int algorithm, void* work, std::size_t bytes, const void* beta, const dnn::Filter* dw_shape, void* dw) {
    const char* const function = "cudnnConvolutionBackwardFilter";
    return counted(function, [&](Machine& m) {
        Shape s;
        if (const dnn::Status status = shape_of(m, function, x_shape, dw_shape, c, dy_shape, s); status != dnn::success) return status;
        return put_convolution(function, m, handle, s, Pass::backward_filter, algorithm, alpha, beta, work, bytes, {x, s.x.bytes(), "x"}, {dy, s.y.bytes(), "dy"},
                               {dw, s.w.bytes(), "dw"});
    });
}

}  // namespace

}  // namespace assay::test::twin

namespace assay::engine::cuda::dnn {

const Library& library() {
    namespace twin = assay::test::twin;
    if (!twin::machine().cudnn) throw Error(ErrorKind::unavailable, {"cuDNN", "one of libcudnn.so.9", "libcudnn.so.9: cannot open shared object file"});
    static constexpr Library table{
        .cudnnGetVersion = &twin::get_version,
        .cudnnGetErrorString = &twin::error_string,
        .cudnnCreate = &twin::create_handle,
        .cudnnDestroy = &twin::destroy_handle,
        .cudnnSetStream = &twin::set_stream,
        .cudnnCreateTensorDescriptor = &twin::create_tensor,
        .cudnnDestroyTensorDescriptor = &twin::destroy_tensor,
        .cudnnSetTensor4dDescriptor = &twin::set_tensor,
        .cudnnCreateFilterDescriptor = &twin::create_filter,
        .cudnnDestroyFilterDescriptor = &twin::destroy_filter,
        .cudnnSetFilter4dDescriptor = &twin::set_filter,
        .cudnnCreateConvolutionDescriptor = &twin::create_convolution,
        .cudnnDestroyConvolutionDescriptor = &twin::destroy_convolution,
        .cudnnSetConvolution2dDescriptor = &twin::set_convolution,
        .cudnnSetConvolutionGroupCount = &twin::set_groups,
        .cudnnSetConvolutionMathType = &twin::set_math,
        .cudnnGetConvolutionForwardAlgorithm_v7 = &twin::propose_forward,
        .cudnnGetConvolutionBackwardDataAlgorithm_v7 = &twin::propose_backward_data,
        .cudnnGetConvolutionBackwardFilterAlgorithm_v7 = &twin::propose_backward_filter,
        .cudnnConvolutionForward = &twin::forward,
        .cudnnConvolutionBackwardData = &twin::backward_data,
        .cudnnConvolutionBackwardFilter = &twin::backward_filter,
    };
    return table;
}

}  // namespace assay::engine::cuda::dnn
