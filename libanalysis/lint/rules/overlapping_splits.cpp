// Test rows that were trained on.

#include "libanalysis/lint/rule.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace assay::lint::rule {
namespace {

void look(const DataMaterial& material, Report& report) {
    if (!material.dataset.train || !material.dataset.test) return;
    std::vector<std::uint64_t> seen = material.hashes(*material.dataset.train);
    std::sort(seen.begin(), seen.end());
    const std::vector<std::uint64_t>& rows = material.hashes(*material.dataset.test);
    const auto both = std::count_if(rows.begin(), rows.end(), [&](std::uint64_t hash) { return std::binary_search(seen.begin(), seen.end(), hash); });
    if (both > 0) report.add("test", fmt::format("{} of {} test rows are also training rows", both, rows.size()));
}

}  // namespace

extern const Rule overlapping_splits{
    .id = "overlapping-splits",
    .severity = Severity::error,
    .summary = "test rows that are also training rows",
    .explanation = "Rows are compared by a hash of their raw values (the first 2^20 of a split). A test accuracy over rows that were trained on is no test accuracy, and the gap is too small.",
    .advice = "Take the rows out of the test split. A few equal rows in large public data sets are known to be there; the message says how many.",
    .on_data = look,
};

}  // namespace assay::lint::rule
