#pragma once
// Whether intervals hold the truth as often as they say: nominal against measured coverage.

#include "libanalysis/core/json.hpp"
#include "libanalysis/predict/fit.hpp"

#include <string>
#include <vector>

namespace assay::report {

/// A place for the chart and the table beside it; nothing where there is no level to show.
std::string coverage_figure(const std::vector<predict::Coverage>& coverage);

/// [{"level", "share", "low", "high"}]; low and high as in coverage_scatter.
Json coverage_data(const std::vector<predict::Coverage>& coverage);

/// What `models` independent models would scatter to about a level, 95 %, by the normal approximation, within 0 and 1.
struct Scatter { double low, high; };
Scatter coverage_scatter(const predict::Coverage& one);

}  // namespace assay::report
