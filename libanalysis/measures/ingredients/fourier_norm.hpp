#pragma once
// Spectral norms of convolutions as Dziugaite et al. take them: with circular padding at the size of the network's input, whatever the
// layer's own.

#include "libanalysis/measures/subject.hpp"

#include <compare>
#include <string>

namespace assay::measures::ingredients {

struct FourierNorm {
    static constexpr std::string_view name = "fourier_norm";
    struct Key {
        std::string weights;         ///< "final", or "change" (final - init)
        std::size_t parameter = 0;
        auto operator<=>(const Key&) const = default;
    };
    using Value = double;
    /// For matrices the spectral norm. @throws Error{unsupported} for a network whose first input is no image, the errors of
    /// convolution_use, Error{missing} without initial weights.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value&) { return sizeof(Value); }
};

/// Rows and columns of the network's first input. @throws Error{unsupported} where it is no image.
struct ImageSize { std::int64_t height, width; };
ImageSize image_size(Subject& subject);

}  // namespace assay::measures::ingredients
