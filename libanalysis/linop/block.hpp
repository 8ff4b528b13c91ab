#pragma once
// A named range of a flat parameter vector.

#include <cstddef>
#include <string>

namespace assay::linop {

/// One parameter tensor, or the tensors of one layer.
struct Block { std::string name; std::size_t offset = 0, size = 0; };

}  // namespace assay::linop
