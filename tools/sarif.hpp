#pragma once
// Findings as SARIF 2.1.0 (OASIS standard), which code hosts and editors read.

#include "libanalysis/lint/rule.hpp"

#include <span>
#include <string>

namespace assay::tools {

Json sarif(std::span<const lint::Finding> findings, const std::string& version);

}  // namespace assay::tools
