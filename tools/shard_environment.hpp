#pragma once
// Which shard this process is, from --shard or from what a scheduler says.

#include "libanalysis/zoo/runner.hpp"

#include <functional>
#include <optional>

namespace assay::tools {

struct ShardChoice { zoo::Shard shard; std::string from; };   ///< from: "--shard", "SLURM_ARRAY_TASK_ID", ... or ""

/// `option`: "i/n", "auto/n" (i from the scheduler), or "" (both from the scheduler, where it says both; else everything).
/// Slurm: SLURM_ARRAY_TASK_ID, _MIN, _STEP, _COUNT. Kubernetes: JOB_COMPLETION_INDEX, whose count has to be given.
/// @throws Error{usage}
ShardChoice choose_shard(const std::string& option, const std::function<std::optional<std::string>(const char*)>& environment);

}  // namespace assay::tools
