#pragma once
// Where the workers of a zoo run compute: one on the CPU for its share of the processors, or some on each CUDA device.

#include "libanalysis/zoo/runner.hpp"
#include "tools/device.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace assay::tools {

struct ZooDevices {
    std::string kind = "cpu";                  ///< "cpu" or "cuda"
    std::vector<std::string> words{};          ///< "cuda:0", ...; empty on the CPU
    std::vector<std::string> descriptions{};   ///< of each: "NVIDIA H100 80GB HBM3 (9.0), 79.6 GiB, 79.1 GiB free"
    std::size_t least_free = 0;                ///< bytes, of the fullest device
    Json libraries{};                          ///< driver, runtime, cuBLAS, ... where they are used
    std::string choice{};                      ///< of --device auto, with its reason
};

/// What `device` means on this machine; a worker is asked where it is not the CPU. "cuda" is every device that this process may see.
/// For "auto" the models of the manifest are tried in turn until one can be timed; `options` needs data, rows and precision by then.
/// @throws Error{unavailable} saying why CUDA cannot be used, where it was asked for.
ZooDevices find_zoo_devices(const DeviceOption& device, int workers_per_gpu, const zoo::Manifest& manifest, const zoo::RunOptions& options, std::stop_token stop);

}  // namespace assay::tools
