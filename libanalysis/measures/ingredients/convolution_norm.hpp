#pragma once
// Operator norms of a convolution kernel: with circular padding and stride 1, and of the operator as the layer applies it.

#include "libanalysis/measures/subject.hpp"

#include <compare>

namespace assay::measures::ingredients {

struct ConvolutionNorm {
    static constexpr std::string_view name = "convolution_norm";
    enum class Kind { circular, exact };
    struct Key {
        Kind kind = Kind::exact;
        std::size_t parameter = 0;   ///< the kernel
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        double norm = 0;
        double error = 0;            ///< relative bound from the Lanczos residual; 0 for circular
    };
    /// circular: the layer's own input size, its dilation and groups; its stride and padding are not looked at (Sedghi, Gupta, Long 2019).
    /// exact: Lanczos on the layer itself, with stride, dilation, groups and zero padding, in the subject's precision.
    /// @throws Error{unsupported} for other layers than Conv2D, and the Error of building the network.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value&) { return sizeof(Value); }
};

}  // namespace assay::measures::ingredients
