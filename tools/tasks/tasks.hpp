#pragma once

#include "libanalysis/zoo/protocol.hpp"

#include <span>

namespace assay::tools {

std::span<const zoo::Task* const> all_tasks();   ///< the rows of tasks.def

}  // namespace assay::tools
