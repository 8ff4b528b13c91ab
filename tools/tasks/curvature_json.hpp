#pragma once
// The result of a curvature analysis as JSON (docs/how-to/curvature.md says what each key holds).

#include "libanalysis/core/json.hpp"
#include "libanalysis/curvature/analyse.hpp"

namespace assay::tools {

/// `parameters`: the order of the matrix.
Json curvature_to_json(const curvature::Result& result, const curvature::Options& options, std::size_t parameters);

}  // namespace assay::tools
