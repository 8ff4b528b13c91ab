#include "libanalysis/engine/cpu/folded_convolution.hpp"

#include <algorithm>

namespace assay::engine::cpu {

namespace {

constexpr std::int64_t fold_by = 2;

/// Share of a vector of 16 that `channels` fill, in whole vectors.
double filled(std::int64_t channels) { return static_cast<double>(channels) / static_cast<double>((channels + 15) / 16 * 16); }

std::int64_t floor_half(std::int64_t i) { return i >= 0 ? i / fold_by : -((-i + fold_by - 1) / fold_by); }

}  // namespace

std::optional<FoldedConvolution> FoldedConvolution::of(const ConvGeometry& g) {
    if (g.stride_w != 1 || g.dilation_w != 1 || g.groups != 1 || g.in_w % fold_by != 0 || g.out_w % fold_by != 0) return std::nullopt;
    return FoldedConvolution(g);
}

// Output pixel 2 Q + p reads input pixels 2 Q + p - pad + j, j < kernel_w, which lie in the pairs Q + floor((p - pad + j) / 2).
FoldedConvolution::FoldedConvolution(const ConvGeometry& g) : plain_(g), folded_(g) {
    const std::int64_t first = floor_half(-g.pad_left), last = floor_half(fold_by - 1 - g.pad_left + g.kernel_w - 1);
    folded_.in_w = g.in_w / fold_by;
    folded_.out_w = g.out_w / fold_by;
    folded_.in_c = g.in_c * fold_by;
    folded_.out_c = g.out_c * fold_by;
    folded_.kernel_w = last - first + 1;
    folded_.pad_left = -first;
    folded_.pad_right = folded_.out_w - 1 + folded_.kernel_w - folded_.pad_left - folded_.in_w;   // so that the sizes follow
}

std::size_t FoldedConvolution::weights() const {
    return static_cast<std::size_t>(folded_.kernel_h * folded_.kernel_w * folded_.in_c * folded_.out_c);
}

/// Calls visit(offset in the kernel, offset in the folded kernel) for runs of out_c weights.
template <class Visit>
void FoldedConvolution::each(Visit&& visit) const {
    for (std::int64_t i = 0; i < plain_.kernel_h; ++i) {
        for (std::int64_t p = 0; p < fold_by; ++p) {
            for (std::int64_t j = 0; j < plain_.kernel_w; ++j) {
                const std::int64_t at = p - plain_.pad_left + j, pair = floor_half(at), pixel = at - fold_by * pair;
                for (std::int64_t c = 0; c < plain_.in_c; ++c) {
                    const std::int64_t from = ((i * plain_.kernel_w + j) * plain_.in_c + c) * plain_.out_c;
                    const std::int64_t column = pair + folded_.pad_left, channel = pixel * plain_.in_c + c;
                    const std::int64_t to = ((i * folded_.kernel_w + column) * folded_.in_c + channel) * folded_.out_c + p * plain_.out_c;
                    visit(from, to);
                }
            }
        }
    }
}

void FoldedConvolution::fold(const float* kernel, float* folded) const {
    std::fill_n(folded, weights(), 0.0f);
    each([&](std::int64_t from, std::int64_t to) { std::copy_n(kernel + from, plain_.out_c, folded + to); });
}

void FoldedConvolution::unfold(const float* folded, float* kernel) const {
    std::fill_n(kernel, plain_.kernel_h * plain_.kernel_w * plain_.in_c * plain_.out_c, 0.0f);
    each([&](std::int64_t from, std::int64_t to) {
        for (std::int64_t c = 0; c < plain_.out_c; ++c) kernel[from + c] += folded[to + c];
    });
}

bool FoldedConvolution::pays(Way way) const {
    const std::int64_t lanes = way == Way::backward_input ? plain_.in_c : plain_.out_c;
    const double larger = static_cast<double>(fold_by * folded_.kernel_w) / static_cast<double>(plain_.kernel_w);
    constexpr double margin = 1.15;   // of the work around it
    return filled(fold_by * lanes) > margin * larger * filled(lanes);
}

}  // namespace assay::engine::cpu
