#pragma once
// CUDA from outside: what devices there are, and a backend on one of them. Everything here exists in a program that was built
// without CUDA too, and then says so. No header of CUDA is needed to include this one.

#include "libanalysis/engine/backend.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace assay::engine::cuda {

struct Device {
    int index = 0;               ///< as CUDA_VISIBLE_DEVICES leaves them
    std::string name, bus, uuid;
    int major = 0, minor = 0;    ///< compute capability
    int processors = 0;          ///< streaming multiprocessors
    std::size_t memory = 0, free = 0;   ///< bytes
};

/// What this program was built with and what this machine has.
struct Status {
    std::string built;           ///< version of the toolkit, "13.0"; "" when built without CUDA
    std::string architectures;   ///< that it was compiled for, "90" or "75, 80, 86"
    std::string driver, runtime, cublas, cusolver, cudnn;   ///< versions found; "" where not found
    std::vector<Device> devices;
    std::string reason;          ///< why no device can be used, as a sentence; "" when one can
    std::string cudnn_reason;    ///< why cuDNN is not used, as a sentence; "" where it may be
};
/// Never throws for lack of a device, driver or library. To look up its free memory is to come to a device, which takes some hundred MiB
/// of it: that happens for `devices` alone (indices that are none are ignored), and for all where nothing is said; elsewhere `free` is 0.
Status status(const std::optional<std::vector<int>>& devices = std::nullopt);

/// One device and its free memory; no other device is touched. @throws Error{unavailable} saying why it cannot be used.
Device device(int index);

struct Options {
    int device = 0;
    bool tf32 = false;           ///< products and convolutions in float32 may round their factors to TF32
    std::size_t memory = 0;      ///< most bytes that its user means to hold; 0: the device's. Micro-batches and workspaces follow it
    int sharing = 1;             ///< processes that mean to share the device, this one among them: the same
    std::size_t workspace = std::size_t{256} << 20;   ///< most bytes for unrolled windows and libraries' workspaces
    bool cudnn = true;           ///< convolutions in float32 may be cuDNN's, where it is there and has agreed on the shape
};

/// @throws Error{unavailable} saying why, and what to do.
std::unique_ptr<Backend> make_cuda_backend(const Options& options);

/// What computes there, for stores and reports: "NVIDIA H100 80GB HBM3 (9.0), driver 13.0, runtime 13.0, cuBLAS 13.0.0, cuDNN 9.19.0",
/// the last where it is there.
std::string description(int device);

/// Most bytes that the backends of this process have held on a device at a time (of their own pool).
std::size_t peak_bytes(int device);

/// What backends of this process do on a device otherwise than they would, one sentence without its period each: convolutions that
/// cuDNN is not used for, and why. That it is not there at all is for status() to say.
std::vector<std::string> notes(int device);

}  // namespace assay::engine::cuda
