#pragma once
// The rows that rules on data look at.

#include "libanalysis/measures/subject.hpp"

#include <string_view>

namespace assay::lint {

/// The parts that a data set has, with their names.
std::vector<std::pair<std::string, const data::Split*>> splits_of(const data::Dataset& dataset);

/// At most 1,000 rows of a split, seeded. @throws Error{missing} where the split is not there.
data::Rows sample_of(const measures::Subject& subject, std::string_view split);

/// The raw values of a split's rows, one hash a row over all inputs: equal rows have equal hashes. At most the first 2^20 rows.
std::vector<std::uint64_t> row_hashes(const data::Split& split);

}  // namespace assay::lint
