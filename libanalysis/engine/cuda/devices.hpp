#pragma once
// Whether this machine's driver and a device of it can be used, in sentences.

#include "libanalysis/engine/cuda/cuda.hpp"

#include <cuda_runtime_api.h>

#include <string>
#include <string_view>

namespace assay::engine::cuda {

/// Everything but its free memory. @throws Error{unavailable} saying why when there is no such device.
Device find_device(int index);

/// Whether code compiled for `architectures` ("75, 80, 90") runs on a device of this compute capability: machine code serves its major
/// version from its minor one up, and the last of the list is kept in the driver's language too, for every later device.
bool runs_on(std::string_view architectures, int major, int minor);

/// Why Assay cannot compute on the device, as a sentence; "" when it can.
std::string unusable(const Device& device);

/// "13.0" of 13000.
std::string cuda_version(int number);

}  // namespace assay::engine::cuda
