#pragma once
// The frequencies of a circular convolution and their waves: what is the same wherever the transfer matrices are formed.

#include "libanalysis/spectral/circular_convolution.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay::spectral {

struct Frequency {
    std::int64_t u, v;
    bool twice;   ///< it stands for (-u, -v) too
};

/// The kernel is real, so frequency (-u, -v) has the conjugate matrix and the same singular values: half of them suffice.
std::vector<Frequency> half_spectrum(std::int64_t height, std::int64_t width);

/// Of the kernel's `tap` (row-major) in the wave of a frequency, in radians.
double angle_of(const CircularConvolution& c, const Frequency& frequency, std::size_t tap);

/// @throws Error{internal} for a kernel that does not fit its extents, Error{data} for one that is not finite.
void require_kernel(const CircularConvolution& c);

}  // namespace assay::spectral
