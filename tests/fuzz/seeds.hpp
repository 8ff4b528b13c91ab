#pragma once
// Small good files of every layout, as encodings: where the mutations of the test begin, beside which real files need not be there.

#include <string>
#include <string_view>
#include <vector>

namespace assay::fuzz {

/// At least one for every target. Those of trees load without an error.
std::vector<std::string> seeds(std::string_view target);

}  // namespace assay::fuzz
