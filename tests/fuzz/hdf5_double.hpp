#pragma once
// What the double of libhdf5 tells about its callers.

#include <hdf5.h>

#include <cstddef>

namespace assay::fuzz {

/// Identifiers that were opened and not closed.
std::size_t open_handles();
void close_handles();

/// The filter that was registered last. The readers register theirs when they open a first file.
H5Z_func_t registered_filter();

}  // namespace assay::fuzz
