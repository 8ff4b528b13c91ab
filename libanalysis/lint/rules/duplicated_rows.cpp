// The same row twice in one split.

#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/sample.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace assay::lint::rule {
namespace {

void look(const DataMaterial& material, Report& report) {
    for (const auto& [name, split] : splits_of(material.dataset)) {
        std::vector<std::uint64_t> hashes = material.hashes(*split);
        std::sort(hashes.begin(), hashes.end());
        const auto different = static_cast<std::size_t>(std::unique(hashes.begin(), hashes.end()) - hashes.begin());
        if (different < hashes.size()) report.add(name, fmt::format("{} of {} rows repeat another one", hashes.size() - different, hashes.size()));
    }
}

}  // namespace

extern const Rule duplicated_rows{
    .id = "duplicated-rows",
    .severity = Severity::note,
    .summary = "rows that occur more than once in a split",
    .explanation = "Rows are compared by a hash of their raw values. Repeated rows weigh more than others in every mean, and standard errors that take rows for independent are too small.",
    .advice = "Harmless where a few; where many, remove them or read standard errors with that in mind.",
    .on_data = look,
};

}  // namespace assay::lint::rule
