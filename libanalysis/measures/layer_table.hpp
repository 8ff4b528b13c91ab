#pragma once
// One row for each weight matrix with the columns that users of WeightWatcher know, and what the weights say of their initialisation.

#include "libanalysis/core/json.hpp"
#include "libanalysis/measures/subject.hpp"

#include <span>
#include <string_view>

namespace assay::measures {

/// The keys of a row, in order: layer_id (from 1), name, class, N, M, rf, ... as weightwatcher's convention gives them; edge_ratio to
/// initialiser of the kernel as one matrix; reason: why WeightWatcher leaves the layer out or a fit failed.
std::span<const std::string_view> layer_columns();

/// An array of objects with all of these keys; null where there is no value. @throws the errors of circumstance.
Json layer_table(Subject& subject);

}  // namespace assay::measures
