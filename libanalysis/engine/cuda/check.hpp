#pragma once
// Every call of CUDA and its libraries is checked, where it stands.

#include <cuda_runtime_api.h>

namespace assay::engine::cuda {

/// @throws Error{resource} for memory that is not there, Error{unavailable} for everything else, with `call`, CUDA's own words and,
/// after a sticky error, that this process can use the device no more.
void check(cudaError_t result, const char* call);

/// For an Error of a device's memory.
inline constexpr const char* out_of_memory_advice = "Other programs may hold the rest; --memory bounds what is taken here, and fewer --workers-per-gpu leave more to each.";

/// After a library failed: @throws as check() does what the device broke with, if it did. Whatever else its calls left is forgotten.
void check_device(const char* call);

}  // namespace assay::engine::cuda
