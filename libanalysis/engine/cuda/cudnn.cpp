// cuDNN's convolutions: NHWC activations as they are, kernels permuted from [h, w, in, out] to its [out, h, w, in], and padding that is
// not the same on both sides written out, since its descriptors have one number for both.

#include "libanalysis/engine/cuda/cudnn.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/check.hpp"
#include "libanalysis/engine/cuda/lane.hpp"
#include "libanalysis/engine/cuda/notes.hpp"
#include "libanalysis/engine/views.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::engine::cuda {

namespace {

/// Why a convolution is computed without cuDNN, in words.
struct Refusal {
    std::string reason;
};

/// An error of the device is the device's; any other is a reason to do without the library.
void require_success(const dnn::Library& library, dnn::Status status, const char* call) {
    if (status == dnn::success) return;
    check_device(call);
    throw Refusal{std::string(call) + " answers " + library.cudnnGetErrorString(status)};
}

/// A descriptor with its end.
template <class T>
class Descriptor {
public:
    using Create = dnn::Status (*)(T**);
    using Destroy = dnn::Status (*)(T*);
    Descriptor(const dnn::Library& library, Create create, Destroy destroy, const char* call) : destroy_(destroy) {
        require_success(library, create(&made_), call);
    }
    ~Descriptor() { (void)destroy_(made_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    operator T*() const { return made_; }

private:
    Destroy destroy_;
    T* made_ = nullptr;
};

const char* name(Cudnn::Pass pass) {
    return pass == Cudnn::Pass::forward ? "forward" : pass == Cudnn::Pass::backward_input ? "backward by inputs" : "backward by weights";
}

std::string in_words(const ConvGeometry& g) {
    const auto pair = [](std::int64_t a, std::int64_t b) { return std::to_string(a) + "x" + std::to_string(b); };
    return "[" + std::to_string(g.batch) + ", " + pair(g.in_h, g.in_w) + ", " + std::to_string(g.in_c) + " -> " + std::to_string(g.out_c) + "], kernel " +
           pair(g.kernel_h, g.kernel_w) + ", stride " + pair(g.stride_h, g.stride_w) + ", groups " + std::to_string(g.groups);
}

/// One axis as cuDNN is told of it: its length in memory and the padding on both of its sides.
struct Axis {
    std::int64_t extent, pad, before;   ///< `before`: cells of zeros that are written out in front
    Axis(std::int64_t in, std::int64_t before_in, std::int64_t after, std::int64_t kernel, std::int64_t dilation, std::int64_t stride, std::int64_t out)
        : extent(in), pad(before_in), before(0) {
        // More or less padding behind matters only where it makes another number of outputs.
        if ((in + 2 * before_in - ((kernel - 1) * dilation + 1)) / stride + 1 == out) return;
        extent = before_in + in + after;
        pad = 0;
        before = before_in;
    }
};

bool aligned(ConstView view) { return reinterpret_cast<std::uintptr_t>(view.data) % 16 == 0; }

std::size_t elements(std::int64_t count) { return static_cast<std::size_t>(count); }

}  // namespace

/// What is known of one shape in one pass.
struct Cudnn::Plan {
    Plan(const dnn::Library& library, const ConvGeometry& geometry, bool tf32)
        : g(geometry), rows(g.in_h, g.pad_top, g.pad_bottom, g.kernel_h, g.dilation_h, g.stride_h, g.out_h),
          columns(g.in_w, g.pad_left, g.pad_right, g.kernel_w, g.dilation_w, g.stride_w, g.out_w),
          x(library, library.cudnnCreateTensorDescriptor, library.cudnnDestroyTensorDescriptor, "cudnnCreateTensorDescriptor"),
          y(library, library.cudnnCreateTensorDescriptor, library.cudnnDestroyTensorDescriptor, "cudnnCreateTensorDescriptor"),
          w(library, library.cudnnCreateFilterDescriptor, library.cudnnDestroyFilterDescriptor, "cudnnCreateFilterDescriptor"),
          convolution(library, library.cudnnCreateConvolutionDescriptor, library.cudnnDestroyConvolutionDescriptor, "cudnnCreateConvolutionDescriptor") {
        constexpr std::int64_t most = std::numeric_limits<int>::max();
        for (const std::int64_t count : {padded_size(), g.batch * g.out_h * g.out_w * g.out_c, g.kernel_h * g.kernel_w * (g.in_c / g.groups) * g.out_c})
            if (count > most) throw Refusal{"an array has 2^31 elements or more"};
        const auto n = [](std::int64_t extent) { return static_cast<int>(extent); };
        const auto set = [&](dnn::Status status, const char* call) { require_success(library, status, call); };
        set(library.cudnnSetTensor4dDescriptor(x, dnn::nhwc, dnn::float32, n(g.batch), n(g.in_c), n(rows.extent), n(columns.extent)), "cudnnSetTensor4dDescriptor");
        set(library.cudnnSetTensor4dDescriptor(y, dnn::nhwc, dnn::float32, n(g.batch), n(g.out_c), n(g.out_h), n(g.out_w)), "cudnnSetTensor4dDescriptor");
        set(library.cudnnSetFilter4dDescriptor(w, dnn::float32, dnn::nhwc, n(g.out_c), n(g.in_c / g.groups), n(g.kernel_h), n(g.kernel_w)),
            "cudnnSetFilter4dDescriptor");
        set(library.cudnnSetConvolution2dDescriptor(convolution, n(rows.pad), n(columns.pad), n(g.stride_h), n(g.stride_w), n(g.dilation_h), n(g.dilation_w),
                                                    dnn::cross_correlation, dnn::float32), "cudnnSetConvolution2dDescriptor");
        set(library.cudnnSetConvolutionGroupCount(convolution, n(g.groups)), "cudnnSetConvolutionGroupCount");
        // By default cuDNN rounds factors to TF32 on devices that can.
        set(library.cudnnSetConvolutionMathType(convolution, tf32 ? dnn::default_math : dnn::fma_math), "cudnnSetConvolutionMathType");
    }

    bool padded() const { return rows.extent != g.in_h || columns.extent != g.in_w; }
    std::int64_t padded_size() const { return g.batch * rows.extent * columns.extent * g.in_c; }

    const ConvGeometry g;
    const Axis rows, columns;
    const Descriptor<dnn::Tensor> x, y;
    const Descriptor<dnn::Filter> w;
    const Descriptor<dnn::Convolution> convolution;
    int algorithm = 0;
    std::size_t workspace = 0;   ///< bytes
    bool used = false;           ///< it has agreed
};

Cudnn::Cudnn(const Lane& lane) : tf32_(lane.options().tf32), device_(lane.options().device), most_workspace_(lane.workspace()) {}

Cudnn::~Cudnn() {
    plans_.clear();
    if (handle_) (void)library_->cudnnDestroy(handle_);
}

void Cudnn::start(const Lane& lane) {
    started_ = true;
    try {
        library_ = &dnn::library();
    } catch (const Error&) {
        return;   // status() says what was looked for; nothing is amiss
    }
    const cudaStream_t stream = lane.stream();
    dnn::Context* made = nullptr;
    try {
        require_success(*library_, library_->cudnnCreate(&made), "cudnnCreate");
        require_success(*library_, library_->cudnnSetStream(made, stream), "cudnnSetStream");
        handle_ = made;
    } catch (const Refusal& refusal) {
        if (made) (void)library_->cudnnDestroy(made);
        add_note(device_, "cuDNN is not used: " + refusal.reason, "any convolution");
    } catch (...) {
        if (made) (void)library_->cudnnDestroy(made);
        throw;
    }
}

Cudnn::Plan& Cudnn::plan_for(const Lane& lane, Pass pass, const ConvGeometry& g) {
    if (const auto known = plans_.find({pass, g}); known != plans_.end()) return *known->second;
    (void)lane.stream();   // its device is to be the current one
    auto plan = std::make_unique<Plan>(*library_, g, tf32_);
    choose_algorithm(*plan, pass);
    return *plans_.emplace(std::pair(pass, g), std::move(plan)).first->second;
}

void Cudnn::choose_algorithm(Plan& plan, Pass pass) const {
    // An algorithm may be proposed once for each kind of arithmetic; the other passes have fewer of them.
    std::array<dnn::Proposal, 2 * dnn::forward_algorithms> proposals{};
    int given = 0;
    std::vector<int> suitable;
    switch (pass) {
        case Pass::forward:
            suitable = {dnn::forward_implicit_gemm, dnn::forward_implicit_precomputed_gemm, dnn::forward_gemm};
            require_success(*library_, library_->cudnnGetConvolutionForwardAlgorithm_v7(handle_, plan.x, plan.w, plan.convolution, plan.y,
                                                                                        2 * dnn::forward_algorithms, &given, proposals.data()),
                            "cudnnGetConvolutionForwardAlgorithm");
            break;
        case Pass::backward_input:
            suitable = {dnn::backward_data_1};
            require_success(*library_, library_->cudnnGetConvolutionBackwardDataAlgorithm_v7(handle_, plan.w, plan.y, plan.convolution, plan.x,
                                                                                             2 * dnn::backward_data_algorithms, &given, proposals.data()),
                            "cudnnGetConvolutionBackwardDataAlgorithm");
            break;
        case Pass::backward_weights:
            suitable = {dnn::backward_filter_1};
            require_success(*library_, library_->cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle_, plan.x, plan.y, plan.convolution, plan.w,
                                                                                               2 * dnn::backward_filter_algorithms, &given, proposals.data()),
                            "cudnnGetConvolutionBackwardFilterAlgorithm");
            break;
    }
    for (int i = 0; i < given; ++i) {
        const dnn::Proposal& proposed = proposals[static_cast<std::size_t>(i)];
        if (proposed.status != dnn::success || proposed.determinism != dnn::deterministic || proposed.memory > most_workspace_) continue;
        if (std::find(suitable.begin(), suitable.end(), proposed.algorithm) == suitable.end()) continue;
        // Its time and workspace are those of another arithmetic than the descriptor has.
        if (proposed.math == dnn::tensor_math || proposed.math == dnn::tensor_math_converting) continue;
        plan.algorithm = proposed.algorithm;
        plan.workspace = proposed.memory;
        return;
    }
    throw Refusal{"none of its algorithms adds in a fixed order within the workspace"};
}

/// result = the pass, whatever the result held.
void Cudnn::compute(Backend& backend, Lane& lane, const Plan& plan, Pass pass, ConstView a, ConstView b, View result) const {
    const ConvGeometry& g = plan.g;
    const auto allocate = [&](std::int64_t count) { return backend.allocate(DType::float32, elements(count)); };
    const std::int64_t row = g.in_w * g.in_c, padded_row = plan.columns.extent * g.in_c, image = g.in_h * padded_row,
                       padded_image = plan.rows.extent * padded_row;
    const std::size_t left = elements(plan.columns.before * g.in_c), top = elements(plan.rows.before * padded_row);
    const bool wider = plan.columns.extent != g.in_w, higher = plan.rows.extent != g.in_h;
    const auto from = [](auto view, std::size_t offset) { return view.slice(offset, view.size - offset); };
    // A block a row of pixels, then a block an image.
    const auto padded = [&](ConstView x) {
        Buffer wide, whole;
        if (wider) {
            wide = backend.zeros(DType::float32, elements(g.batch * image));
            backend.copy_block(g.batch * g.in_h, row, x, row, from(wide.view(), left), padded_row, false);
        }
        if (!higher) return wide;
        whole = backend.zeros(DType::float32, elements(plan.padded_size()));
        backend.copy_block(g.batch, image, wider ? wide.const_view() : x, image, from(whole.view(), top), padded_image, false);
        return whole;
    };
    const auto unpadded = [&](ConstView whole, View x) {
        Buffer wide;
        if (higher && wider) wide = allocate(g.batch * image);
        if (higher) backend.copy_block(g.batch, image, from(whole, top), padded_image, wider ? wide.view() : x, image, false);
        if (wider) backend.copy_block(g.batch * g.in_h, row, from(higher ? wide.const_view() : whole, left), padded_row, x, row, false);
    };
    // Where an array begins is no reason for other bits: cuDNN sees them all where an allocation may begin.
    const auto even = [&](ConstView view, Buffer& keep) {
        if (aligned(view)) return view;
        keep = backend.allocate(DType::float32, view.size);
        backend.copy(view, keep.view());
        return keep.const_view();
    };
    const std::array<std::int64_t, 4> ours{g.kernel_h, g.kernel_w, g.in_c / g.groups, g.out_c}, theirs{g.out_c, g.kernel_h, g.kernel_w, g.in_c / g.groups},
        to_theirs{3, 0, 1, 2}, to_ours{1, 2, 3, 0};
    const auto filters = [&](ConstView w) {
        Buffer permuted = backend.allocate(DType::float32, w.size);
        backend.permute(w, ours, to_theirs, permuted.view(), false);
        return permuted;
    };
    const std::shared_ptr<void> workspace = lane.allocate(plan.workspace);
    const float one = 1, zero = 0;
    (void)lane.stream();   // its device is to be the current one
    Buffer kept_a, kept_b;
    switch (pass) {
        case Pass::forward: {
            if (plan.padded()) kept_a = padded(a);
            const ConstView x = plan.padded() ? kept_a.const_view() : even(a, kept_a);
            const Buffer w = filters(b);
            require_success(*library_, library_->cudnnConvolutionForward(handle_, &one, plan.x, x.data, plan.w, w.const_view().data, plan.convolution, plan.algorithm,
                                                                         workspace.get(), plan.workspace, &zero, plan.y, result.data),
                            "cudnnConvolutionForward");
            return;
        }
        case Pass::backward_input: {
            const ConstView gy = even(a, kept_a);
            const Buffer w = filters(b);
            Buffer whole;
            if (plan.padded()) whole = allocate(plan.padded_size());
            require_success(*library_, library_->cudnnConvolutionBackwardData(handle_, &one, plan.w, w.const_view().data, plan.y, gy.data, plan.convolution,
                                                                              plan.algorithm, workspace.get(), plan.workspace, &zero, plan.x,
                                                                              plan.padded() ? whole.view().data : result.data),
                            "cudnnConvolutionBackwardData");
            if (plan.padded()) unpadded(whole.const_view(), result);
            return;
        }
        case Pass::backward_weights: {
            if (plan.padded()) kept_a = padded(a);
            const ConstView x = plan.padded() ? kept_a.const_view() : even(a, kept_a), gy = even(b, kept_b);
            Buffer w = backend.allocate(DType::float32, result.size);
            require_success(*library_, library_->cudnnConvolutionBackwardFilter(handle_, &one, plan.x, x.data, plan.y, gy.data, plan.convolution, plan.algorithm,
                                                                                workspace.get(), plan.workspace, &zero, plan.w, w.view().data),
                            "cudnnConvolutionBackwardFilter");
            backend.permute(w.const_view(), theirs, to_ours, result, false);
            return;
        }
    }
}

/// False: nothing can be said, as all is zero or not finite. @throws Refusal when they differ.
bool Cudnn::agree(Backend& backend, ConstView expected, ConstView found) const {
    Buffer apart = backend.allocate(DType::float32, expected.size);
    backend.copy(expected, apart.view());
    backend.axpy(-1, found, apart.view());
    const double size = backend.dot(expected, expected), difference = backend.dot(apart.const_view(), apart.const_view());
    if (!std::isfinite(size) || size == 0) return false;
    const double allowed = tf32_ ? agreement_tf32 : agreement;
    if (difference <= allowed * allowed * size) return true;   // NaN is not
    throw Refusal{"its result is not that of unrolled windows"};
}

bool Cudnn::run(Backend& backend, Lane& lane, Pass pass, const ConvGeometry& g, ConstView a, ConstView b, View result, bool accumulate,
                const std::function<void(View)>& unrolled) {
    if (!started_) start(lane);
    if (!handle_) return false;
    if (const auto known = plans_.find({pass, g}); known != plans_.end() && !known->second) return false;
    const auto refuse = [&](const std::string& reason) {
        plans_[{pass, g}] = nullptr;
        add_note(device_, "convolutions are computed without cuDNN: " + reason, std::string(name(pass)) + " of " + in_words(g));
        return false;
    };
    try {
        Plan& plan = plan_for(lane, pass, g);
        const bool straight = plan.used && !accumulate && aligned(result);
        Buffer own;
        if (!straight) own = backend.allocate(DType::float32, result.size);
        const View found = straight ? result : own.view();
        compute(backend, lane, plan, pass, a, b, found);
        if (straight) return true;
        Buffer expected;
        if (!plan.used) {
            expected = backend.allocate(DType::float32, result.size);
            unrolled(expected.view());
            plan.used = agree(backend, expected.const_view(), found);
        }
        const ConstView values = plan.used ? ConstView(found) : expected.const_view();
        if (accumulate) backend.axpy(1, values, result);   // always added so, that bits do not depend on when a shape was judged
        else backend.copy(values, result);
        return true;
    } catch (const Refusal& refusal) {
        return refuse(refusal.reason);
    }
    // Of a device that is full nothing is learnt about the library: the error is the caller's, and the shape stays as it was. Otherwise
    // bits would depend on who else was there.
}

namespace dnn {

bool switched_off() {
    const char* const word = std::getenv("ASSAY_CUDNN");
    return word && std::string_view(word) == "off";
}

std::string version(const Library& library) {
    const std::size_t number = library.cudnnGetVersion(), major_unit = number >= 90000 ? 10000 : 1000;
    return std::to_string(number / major_unit) + "." + std::to_string(number % major_unit / 100) + "." + std::to_string(number % 100);
}

}  // namespace dnn

}  // namespace assay::engine::cuda
