// What slides over images: convolution and its two transposes as products over unrolled windows, or by cuDNN (cudnn.hpp), and pooling.

#include "libanalysis/engine/cuda/cuda_backend.hpp"
#include "libanalysis/engine/cuda/cudnn.hpp"
#include "libanalysis/engine/cuda/launch.hpp"
#include "libanalysis/engine/cuda/scratch_arrays.hpp"
#include "libanalysis/engine/device/pooling.hpp"
#include "libanalysis/engine/device/windows.hpp"

#include <algorithm>
#include <limits>

namespace assay::engine::cuda {

namespace {

std::size_t output_size(const PoolGeometry& g) { return static_cast<std::size_t>(g.batch * g.out_h * g.out_w * g.channels); }

/// Checks sizes, and that every window meets the input.
void require_pooling(const PoolGeometry& g, ConstView x, ConstView y, const char* primitive) {
    require(x.size == static_cast<std::size_t>(g.batch * g.in_h * g.in_w * g.channels) && y.size == output_size(g), primitive,
            "arrays of the geometry's sizes");
    if (y.size == 0) return;
    for (std::int64_t oh = 0; oh < g.out_h; ++oh)
        require(device::PoolRange(oh, g.pool_h, g.stride_h, g.pad_top, g.in_h).size() > 0, primitive, "windows that meet the input");
    for (std::int64_t ow = 0; ow < g.out_w; ++ow)
        require(device::PoolRange(ow, g.pool_w, g.stride_w, g.pad_left, g.in_w).size() > 0, primitive, "windows that meet the input");
}

/// Whether the input is its own unrolled form.
bool is_product(const ConvGeometry& g) {
    return g.kernel_h == 1 && g.kernel_w == 1 && g.stride_h == 1 && g.stride_w == 1 && g.pad_top == 0 && g.pad_left == 0 && g.in_h == g.out_h &&
           g.in_w == g.out_w;
}

/// One convolution over blocks of output pixels whose windows fit into the lane's workspace, all groups at once.
template <class T>
class Unrolled {
public:
    Unrolled(Backend& backend, Lane& lane, const ConvGeometry& g)
        : backend_(backend), lane_(lane), g_(g), width_(g.out_c / g.groups), window_(g.kernel_h * g.kernel_w * (g.in_c / g.groups)),
          row_(window_ * g.groups), image_(g.out_h * g.out_w), pixels_(g.batch * image_),
          direct_(is_product(g)),
          block_(direct_ ? pixels_ : block_of(lane.workspace())) {
        if (!direct_) windows_ = {std::get<0>(scratch_arrays<T>(lane, {block_ * row_})), elements(block_ * row_), type};
    }

    void forward(ConstView x, ConstView w, View y, bool accumulate) {
        for_blocks([&](std::int64_t first, std::int64_t count) {
            products(false, false, count, width_, window_, unroll(x, first, count), row_, window_, w, g_.out_c, width_, accumulate,
                     from(y, first * g_.out_c), g_.out_c, width_);
        });
    }

    void backward_input(ConstView gy, ConstView w, View gx, bool accumulate) {
        if (!accumulate && !direct_) backend_.fill(gx, 0);
        for_blocks([&](std::int64_t first, std::int64_t count) {
            const ConstView rows = from(gy, first * g_.out_c);
            if (direct_) {
                products(false, true, count, window_, width_, rows, g_.out_c, width_, w, g_.out_c, width_, accumulate,
                         from(gx, first * row_), row_, window_);
            } else {
                products(false, true, count, window_, width_, rows, g_.out_c, width_, w, g_.out_c, width_, false, windows_, row_, window_);
                roll(gx, first, count);
            }
        });
    }

    void backward_weights(ConstView x, ConstView gy, View gw, bool accumulate) {
        if (!accumulate && pixels_ == 0) backend_.fill(gw, 0);
        for_blocks([&](std::int64_t first, std::int64_t count) {
            products(true, false, window_, width_, count, unroll(x, first, count), row_, window_, from(gy, first * g_.out_c), g_.out_c, width_,
                     accumulate || first > 0, gw, g_.out_c, width_);
        });
    }

private:
    static constexpr DType type = std::is_same_v<T, float> ? DType::float32 : DType::float64;
    static std::size_t elements(std::int64_t count) { return static_cast<std::size_t>(count); }
    template <class V> static V from(V view, std::int64_t offset) { return view.slice(elements(offset), view.size - elements(offset)); }

    /// Whole images where one fits, so that each input cell is visited once.
    std::int64_t block_of(std::size_t workspace) const {
        const std::int64_t fitting = static_cast<std::int64_t>(workspace / sizeof(T)) / std::max<std::int64_t>(row_, 1);
        const std::int64_t whole = fitting >= image_ && image_ > 0 ? fitting / image_ * image_ : fitting;
        return std::clamp<std::int64_t>(whole, 1, std::max<std::int64_t>(pixels_, 1));
    }

    template <class Body>
    void for_blocks(Body&& body) {
        for (std::int64_t first = 0; first < pixels_; first += block_) body(first, std::min(block_, pixels_ - first));
    }

    /// Rows of windows for `count` output pixels; for a 1x1 kernel the input is its own unrolled form.
    ConstView unroll(ConstView x, std::int64_t first, std::int64_t count) {
        if (direct_) return from(x, first * row_);
        each(lane_.stream(), count * row_, device::Unroll<T>{g_, as<T>(x), as<T>(windows_), first});
        return windows_;
    }

    void roll(View gx, std::int64_t first, std::int64_t count) {
        const std::int64_t image = first / image_, images = (first + count - 1) / image_ - image + 1;
        each(lane_.stream(), images * g_.in_h * g_.in_w * g_.in_c, device::Roll<T>{g_, as<T>(windows_), as<T>(gx), first, count, image});
    }

    /// c (+)= op(a) op(b) for every group; the strides lead from one group to the next.
    void products(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, ConstView a, std::int64_t lda,
                  std::int64_t stride_a, ConstView b, std::int64_t ldb, std::int64_t stride_b, bool accumulate, View c, std::int64_t ldc,
                  std::int64_t stride_c) {
        const double beta = accumulate ? 1 : 0;
        if (g_.groups == 1) backend_.gemm(transpose_a, transpose_b, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
        else backend_.gemm_batched(transpose_a, transpose_b, m, n, k, 1, a, lda, stride_a, b, ldb, stride_b, beta, c, ldc, stride_c, g_.groups);
    }

    Backend& backend_;
    Lane& lane_;
    const ConvGeometry& g_;
    std::int64_t width_, window_, row_, image_, pixels_;   ///< outputs and window of a group, windows of a pixel, pixels of an image, of all
    bool direct_;
    std::int64_t block_;
    View windows_;
};

/// Whether cuDNN computed it: not in float64, and not what is one product anyway.
template <class Body>
bool by_cudnn(Backend& backend, Lane& lane, Cudnn::Pass pass, const ConvGeometry& g, ConstView a, ConstView b, View result, bool accumulate,
              const Body& unrolled) {
    for (const ConstView& view : {a, b, ConstView(result)})
        if (view.type != DType::float32 || view.size == 0) return false;
    if (!lane.cudnn() || is_product(g)) return false;
    return lane.cudnn()->run(backend, lane, pass, g, a, b, result, accumulate, [&](View to) { unrolled(to, false); });
}

}  // namespace

// ---- convolution ----

void CudaBackend::conv_forward(const ConvGeometry& g, ConstView x, ConstView w, ConstView bias, View y, bool accumulate) {
    require_geometry(g, x, w, y, "conv_forward");
    require(bias.empty() || (bias.size == static_cast<std::size_t>(g.out_c) && bias.type == x.type), "conv_forward", "one bias for each output channel");
    if (y.size == 0) return;
    const auto unrolled = [&](View to, bool add) {
        with_float_of("conv_forward", [&]<class T>(T) { Unrolled<T>(*this, *lane_, g).forward(x, w, to, add); }, x, w, to);
    };
    if (!by_cudnn(*this, *lane_, Cudnn::Pass::forward, g, x, w, y, accumulate, unrolled)) unrolled(y, accumulate);
    if (!bias.empty()) add_row(bias, y, g.batch * g.out_h * g.out_w, g.out_c);
}

void CudaBackend::conv_backward_input(const ConvGeometry& g, ConstView gy, ConstView w, View gx, bool accumulate) {
    require_geometry(g, gx, w, gy, "conv_backward_input");
    if (gx.size == 0) return;
    const auto unrolled = [&](View to, bool add) {
        with_float_of("conv_backward_input", [&]<class T>(T) { Unrolled<T>(*this, *lane_, g).backward_input(gy, w, to, add); }, gy, w, to);
    };
    if (!by_cudnn(*this, *lane_, Cudnn::Pass::backward_input, g, gy, w, gx, accumulate, unrolled)) unrolled(gx, accumulate);
}

void CudaBackend::conv_backward_weights(const ConvGeometry& g, ConstView x, ConstView gy, View gw, bool accumulate) {
    require_geometry(g, x, gw, gy, "conv_backward_weights");
    if (gw.size == 0) return;
    const auto unrolled = [&](View to, bool add) {
        with_float_of("conv_backward_weights", [&]<class T>(T) { Unrolled<T>(*this, *lane_, g).backward_weights(x, gy, to, add); }, x, gy, to);
    };
    if (!by_cudnn(*this, *lane_, Cudnn::Pass::backward_weights, g, x, gy, gw, accumulate, unrolled)) unrolled(gw, accumulate);
}

void CudaBackend::conv_windows(const ConvGeometry& g, ConstView x, View windows) {
    require(g.groups == 1, "conv_windows", "one group");
    require(static_cast<std::int64_t>(x.size) == g.batch * g.in_h * g.in_w * g.in_c &&
                static_cast<std::int64_t>(windows.size) == g.batch * g.out_h * g.out_w * g.kernel_h * g.kernel_w * g.in_c,
            "conv_windows", "arrays of the geometry's sizes");
    with_float_of("conv_windows", [&]<class T>(T) {
        each(lane_->stream(), static_cast<std::int64_t>(windows.size), device::Unroll<T>{g, as<T>(x), as<T>(windows), 0});
    }, x, windows);
}

// ---- pooling ----

void CudaBackend::max_pool(const PoolGeometry& g, ConstView x, View y, View argmax) {
    require_pooling(g, x, y, "max_pool");
    require(argmax.size == y.size, "max_pool", "arrays of the geometry's sizes");
    require(x.size <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()), "max_pool", "fewer than 2^31 inputs");
    require_ints(argmax, "max_pool");
    with_float_of("max_pool", [&]<class T>(T) {
        each(lane_->stream(), static_cast<std::int64_t>(y.size), device::MaxPool<T>{g, as<T>(x), as<T>(y), as<std::int32_t>(argmax)});
    }, x, y);
}

void CudaBackend::average_pool(const PoolGeometry& g, ConstView x, View y) {
    require_pooling(g, x, y, "average_pool");
    with_float_of("average_pool", [&]<class T>(T) {
        each(lane_->stream(), static_cast<std::int64_t>(y.size), device::AveragePool<T>{g, as<T>(x), as<T>(y)});
    }, x, y);
}

void CudaBackend::average_pool_transpose(const PoolGeometry& g, ConstView gy, View gx) {
    require_pooling(g, gx, gy, "average_pool_transpose");
    with_float_of("average_pool_transpose", [&]<class T>(T) {
        each(lane_->stream(), static_cast<std::int64_t>(gx.size), device::AveragePoolTranspose<T>{g, as<T>(gy), as<T>(gx)});
    }, gy, gx);
}

}  // namespace assay::engine::cuda
