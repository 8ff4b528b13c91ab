#pragma once
// The host twin of a CUDA machine, seen from a test: which devices it has, what it is to fail with, and what it noticed.
//
// The twin implements the functions of CUDA's runtime, of cuBLAS, cuSOLVER and cuDNN that Assay calls, on the host and with the libraries'
// own rules. Work that is put on a stream runs only when somebody waits for it, so that a missing wait is seen every time; device memory
// is closed to the host while no work runs; misuse that a real device would answer with an error is answered with that error, and
// misuse that a real device would not notice is a fault.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace assay::test::twin {

struct Device {
    std::string name = "Twin GPU";
    std::size_t memory = std::size_t{8} << 30;   ///< bytes
    int major = 9, minor = 0, processors = 4;
    bool pools = true;                           ///< memory pools in a stream's order
    std::size_t taken = 0;                       ///< bytes that other processes hold
};

/// As a process just started on a machine with these devices and a driver for this version of CUDA (0: no driver). Everything that was
/// made before is gone; so are faults, failures to come, and counts.
void restart(std::vector<Device> devices = {Device{}}, int driver = CUDART_VERSION);

/// Misuse since the last call: one sentence each, beginning with the function.
std::vector<std::string> take_faults();

/// What was made and not given back: memory, streams, events, pools, handles. Work that was left on a stream runs first.
std::vector<std::string> leaks();

/// The `nth` call from now of the function with this name does nothing and returns `status`, an error of the function's library.
void fail(std::string function, int status, int nth = 1);

/// The library's function with this name returns success from now on and computes something else: an iteration does not converge, a
/// convolution's first value is another.
void spoil(std::string function);

/// cuDNN is not installed, until the next restart.
void remove_cudnn();

/// Kernels run as they should, `launches` more of them; the next one breaks the device with `error`, for this process for good.
void break_device_after(std::uint64_t launches, cudaError_t error = cudaErrorIllegalAddress);

/// Bytes of pinned host memory that can be had; without limit after a restart.
void limit_pinned(std::size_t bytes);

/// Calls of each function since the restart, failed ones included.
std::map<std::string, int> calls();

/// Kernels that ran since the restart.
std::uint64_t launches();

/// Most bytes of a device that were allocated at a time since the restart.
std::size_t peak(int device = 0);

}  // namespace assay::test::twin
