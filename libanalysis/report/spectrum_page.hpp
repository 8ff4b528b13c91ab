#pragma once
// One self-contained HTML page about the curvature of one network: its spectral density with the outliers marked, and the numbers.

#include "libanalysis/core/json.hpp"

#include <string>

namespace assay::report {

/// `result`: what `assay hessian --json` prints (docs/how-to/curvature.md). Parts that are null are left out; without a density there is no chart.
std::string spectrum_page(const Json& result);

}  // namespace assay::report
