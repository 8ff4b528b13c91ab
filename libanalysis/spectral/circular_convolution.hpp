#pragma once
// The spectrum of a convolution with circular padding and stride 1 (Sedghi, Gupta, Long 2019, theorem 6): the singular values
// are those of the in x out transfer matrices at all two-dimensional frequencies.

#include "libanalysis/engine/backend.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace assay::spectral {

struct CircularConvolution {
    std::span<const double> kernel;   ///< [kernel_h, kernel_w, in / groups, out], row-major
    std::int64_t kernel_h = 1, kernel_w = 1;
    std::int64_t in = 1;              ///< channels of a group: in / groups
    std::int64_t out = 1;             ///< all output channels
    std::int64_t groups = 1;
    std::int64_t height = 1, width = 1;   ///< of the image
    std::int64_t dilation_h = 1, dilation_w = 1;
};

/// All singular values, descending: height * width * groups * min(in, out / groups) of them.
std::vector<double> circular_singular_values(const CircularConvolution& convolution);

/// The largest one. Frequencies whose bound ||G||_F (G the Gram matrix of the transfer matrix) is below a value already found
/// are not decomposed. Exact to rounding.
double circular_norm(const CircularConvolution& convolution);

/// The same where `backend` computes: on a device all of it in double, with the errors of a Gram matrix (about 1e-16 s1 (s1/s), never above
/// about 1e-8 s1); on the host those above, bit for bit.
std::vector<double> circular_singular_values(engine::Backend& backend, const CircularConvolution& convolution);
double circular_norm(engine::Backend& backend, const CircularConvolution& convolution);

}  // namespace assay::spectral
