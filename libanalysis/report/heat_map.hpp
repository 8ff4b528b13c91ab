#pragma once
// The heat map of a page: a table whose cells are coloured by how far they are from knowing nothing.

#include "libanalysis/core/json.hpp"
#include "libanalysis/report/protocol_matrix.hpp"

#include <functional>
#include <string>
#include <vector>

namespace assay::report {

/// `describe`: one sentence about a measure, or empty.
std::string heat_map_section(const std::vector<ProtocolMatrix>& matrices, const std::function<std::string(std::string_view measure)>& describe);

/// [{"target", "protocols": [{"name", "uninformed", "perfect", "luck", "replicates"}], "rows": [{"measure", "baseline", "cells": [{"score",
/// "low", "high", "beyond", "negated", "reason"}]}]}]
Json heat_map_data(const std::vector<ProtocolMatrix>& matrices);

}  // namespace assay::report
