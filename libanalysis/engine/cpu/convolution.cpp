// Convolution and its two transposes: oneDNN in float32, unrolled windows (im2col.hpp) in float64 and for what oneDNN lacks.

#include "libanalysis/core/clones.hpp"
#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/cpu/folded_convolution.hpp"
#include "libanalysis/engine/cpu/im2col.hpp"
#include "libanalysis/engine/cpu/onednn_convolution.hpp"
#include "libanalysis/engine/views.hpp"

#include <algorithm>

namespace assay::engine::cpu {

namespace {

using Kind = OneDnnConvolutions::Kind;

ASSAY_CLONES void add(const float* x, float* y, std::size_t n) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < n; ++i) y[i] += x[i];
}

/// Convolutions of one lane in float32: oneDNN's, folded where that pays, with scratch memory where a kind cannot add.
class SinglePrecision {
public:
    SinglePrecision(LaneState& state, const ConvGeometry& g) : state_(state), g_(g), folded_(FoldedConvolution::of(g)) {}

    bool forward(const float* x, const float* w, const float* bias, float* y, bool accumulate) {
        const Kind kind = accumulate ? Kind::forward_add : Kind::forward;
        if (!pays(Way::forward)) return run(kind, g_, x, w, bias, y);
        const float* twice = bias ? doubled(bias) : nullptr;
        return run(kind, folded_->geometry(), x, fold(w), twice, y) || run(kind, g_, x, w, bias, y);
    }
    bool backward_input(const float* gy, const float* w, float* gx, std::size_t size, bool accumulate) {
        float* target = accumulate ? state_.partial.reserve_elements<float>(size) : gx;
        const bool done = (pays(Way::backward_input) && run(Kind::backward_input, folded_->geometry(), gy, fold(w), nullptr, target)) ||
                          run(Kind::backward_input, g_, gy, w, nullptr, target);
        if (done && accumulate) add(target, gx, size);
        return done;
    }
    bool backward_weights(const float* x, const float* gy, float* gw, std::size_t size, bool accumulate) {
        float* target = accumulate ? state_.partial.reserve_elements<float>(size) : gw;
        bool done = false;
        if (pays(Way::backward_weights)) {
            float* folded = state_.folded.reserve_elements<float>(folded_->weights());
            done = run(Kind::backward_weights, folded_->geometry(), x, gy, nullptr, folded);
            if (done) folded_->unfold(folded, target);
        }
        done = done || run(Kind::backward_weights, g_, x, gy, nullptr, target);
        if (done && accumulate) add(target, gw, size);
        return done;
    }

private:
    using Way = FoldedConvolution::Way;
    bool pays(Way way) const { return folded_ && folded_->pays(way); }
    bool run(Kind kind, const ConvGeometry& g, const float* a, const float* b, const float* bias, float* out) {
        return state_.convolutions->run(kind, g, a, b, bias, out);
    }
    const float* fold(const float* w) {
        float* folded = state_.folded.reserve_elements<float>(folded_->weights());
        folded_->fold(w, folded);
        return folded;
    }
    const float* doubled(const float* bias) {
        const auto channels = static_cast<std::size_t>(g_.out_c);
        float* twice = state_.wide.reserve_elements<float>(2 * channels);
        std::copy_n(bias, channels, std::copy_n(bias, channels, twice));
        return twice;
    }
    LaneState& state_;
    const ConvGeometry& g_;
    std::optional<FoldedConvolution> folded_;
};

}  // namespace

void CpuBackend::conv_forward(const ConvGeometry& g, ConstView x, ConstView w, ConstView bias, View y, bool accumulate) {
    require_geometry(g, x, w, y, "conv_forward");
    require(bias.empty() || (bias.size == static_cast<std::size_t>(g.out_c) && bias.type == x.type), "conv_forward", "one bias for each output channel");
    if (y.size == 0) return;
    with_float_of("conv_forward", [&]<class T>(T) {
        if constexpr (std::is_same_v<T, float>) {
            if (SinglePrecision(*state_, g).forward(as<T>(x), as<T>(w), as<T>(bias), as<T>(y), accumulate)) return;
        }
        Im2Col<T>(g, state_->columns).forward(as<T>(x), as<T>(w), as<T>(y), accumulate);
        if (!bias.empty()) add_row(bias, y, g.batch * g.out_h * g.out_w, g.out_c);
    }, x, w, y);
}

void CpuBackend::conv_backward_input(const ConvGeometry& g, ConstView gy, ConstView w, View gx, bool accumulate) {
    require_geometry(g, gx, w, gy, "conv_backward_input");
    if (gx.size == 0) return;
    with_float_of("conv_backward_input", [&]<class T>(T) {
        if constexpr (std::is_same_v<T, float>) {
            if (SinglePrecision(*state_, g).backward_input(as<T>(gy), as<T>(w), as<T>(gx), gx.size, accumulate)) return;
        }
        Im2Col<T>(g, state_->columns).backward_input(as<T>(gy), as<T>(w), as<T>(gx), accumulate);
    }, gy, w, gx);
}

void CpuBackend::conv_backward_weights(const ConvGeometry& g, ConstView x, ConstView gy, View gw, bool accumulate) {
    require_geometry(g, x, gw, gy, "conv_backward_weights");
    if (gw.size == 0) return;
    with_float_of("conv_backward_weights", [&]<class T>(T) {
        if constexpr (std::is_same_v<T, float>) {
            if (gy.size > 0 && SinglePrecision(*state_, g).backward_weights(as<T>(x), as<T>(gy), as<T>(gw), gw.size, accumulate)) return;
        }
        Im2Col<T>(g, state_->columns).backward_weights(as<T>(x), as<T>(gy), as<T>(gw), accumulate);
    }, x, gy, gw);
}

}  // namespace assay::engine::cpu
