#pragma once
// An affine function of x, written as people write it: "x/255", "(x - 0.1307) / 0.3081", "2 * (x/255) - 1".

#include <string>

namespace assay::formats {

struct AffineFunction {
    double scale = 0, offset = 0;   ///< scale x + offset
};

/// Numbers, x, + - * /, signs and brackets; what they make must be affine in x, and its numbers finite.
/// @throws Error{usage} saying what is accepted; `where`: "--lambda scale".
AffineFunction parse_affine(const std::string& text, const std::string& where);

}  // namespace assay::formats
