#pragma once
// A convolution with few channels leaves most of a vector register empty. Two neighbouring pixels of a row of an NHWC image are
// one pixel of twice the channels, without moving anything, so that a convolution of stride 1 is also one between images of half
// the width: twice the channels on both sides, and a kernel that holds the old one once for each of the two pixels it makes.

#include "libanalysis/engine/backend.hpp"

#include <optional>

namespace assay::engine::cpu {

class FoldedConvolution {
public:
    /// The folded form, where there is one: stride and dilation 1 along the width, one group, even widths.
    static std::optional<FoldedConvolution> of(const ConvGeometry& g);

    const ConvGeometry& geometry() const { return folded_; }
    std::size_t weights() const;                             ///< of the folded kernel
    void fold(const float* kernel, float* folded) const;     ///< kernel [kh, kw, in, out] -> folded [kh, kw', 2 in, 2 out]
    void unfold(const float* folded, float* kernel) const;   ///< its transpose: sums the copies up again

    enum class Way { forward, backward_input, backward_weights };
    /// True where the folded form should be faster: it fills vectors of 16 better by more than its larger kernel costs.
    bool pays(Way way) const;

private:
    explicit FoldedConvolution(const ConvGeometry& g);
    template <class Visit> void each(Visit&& visit) const;
    ConvGeometry plain_, folded_;
};

}  // namespace assay::engine::cpu
