#pragma once
// Shapes: extents of a row-major array, with checked products.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace assay {

using Shape = std::vector<std::int64_t>;

/// Product of the extents (1 for rank 0). @throws Error{data} when an extent is negative or the product exceeds 2^62.
std::int64_t element_count(std::span<const std::int64_t> shape);

/// "[3, 3, 16]"; negative extents print as "?".
std::string to_string(std::span<const std::int64_t> shape);

}  // namespace assay
