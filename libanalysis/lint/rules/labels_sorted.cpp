// Rows that lie sorted by class.

#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/sample.hpp"

#include <fmt/format.h>

#include <map>

namespace assay::lint::rule {
namespace {

void look(const DataMaterial& material, Report& report) {
    for (const auto& [name, split] : splits_of(material.dataset)) {
        if (!split->has_labels() || split->target_size() > 0 || split->rows() < 50) continue;
        const std::vector<std::int64_t> rows = data::all_rows(*split);
        std::vector<std::int64_t> labels(rows.size());
        split->read_labels(rows, labels);
        std::map<std::int64_t, double> counts;
        std::size_t same = 0;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            counts[labels[i]] += 1;
            same += i > 0 && labels[i] == labels[i - 1];
        }
        const double n = static_cast<double>(labels.size());
        double expected = 0;
        for (const auto& [label, count] : counts) expected += count / n * (count / n);
        const double share = static_cast<double>(same) / (n - 1);
        if (counts.size() > 1 && share > 0.5 + expected / 2)
            report.add(name, fmt::format("{:.0f} % of the rows follow one of their own class; {:.0f} % would by chance", 100 * share, 100 * expected));
    }
}

}  // namespace

extern const Rule labels_sorted{
    .id = "labels-sorted",
    .severity = Severity::warning,
    .summary = "a split whose rows are sorted by class",
    .explanation = "Far more rows follow one of their own class than chance gives. \"The first N rows\" of such a split are not a sample of it: a model trained or measured on them sees a few classes only, "
                   "and mini-batches in file order hold one class each.",
    .advice = "Shuffle the file once with a fixed seed.",
    .on_data = look,
};

}  // namespace assay::lint::rule
