#pragma once
// What can compute on this machine, as a worker process sees it: the process that runs verbs never touches CUDA itself.

#include "libanalysis/core/json.hpp"

#include <optional>
#include <stop_token>

namespace assay::tools {

/// Where Slurm says which devices are ours and CUDA_VISIBLE_DEVICES does not, sets that for the workers to come (docs/how-to/devices.md).
/// Before the first worker that computes. @throws Error{usage} for a list that is not understood.
void heed_scheduler(std::stop_token stop);

/// {"cpu": {...}, "cuda": {"usable", "reason", "devices": [{"device", "name", "memory", "free", ...}], ...}}: what `assay devices --json`
/// prints. Heeds the scheduler first. With `only` no other device is come to, and "free" is 0 for the others. @throws Error
Json list_devices(std::stop_token stop, std::optional<int> only = std::nullopt);

}  // namespace assay::tools
