#pragma once
// What the backends of this process do otherwise than they would, kept for notes() of cuda.hpp.

#include <string>

namespace assay::engine::cuda {

/// `example` is what it happened to; of each kind the first one is shown and the others are counted.
void add_note(int device, const std::string& kind, const std::string& example);

}  // namespace assay::engine::cuda
