// A network that does no better than guessing on its own training data.

#include "libanalysis/lint/input_scale.hpp"
#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace assay::lint::rule {
namespace {

void look(RunMaterial& material, Report& report) {
    const std::string split = material.subject.rows("train") ? "train" : "test";
    const data::Rows rows = sample_of(material.subject, split);
    if (!rows.split->has_labels()) return;
    std::vector<std::int64_t> labels(rows.indices.size());
    rows.split->read_labels(rows.indices, labels);
    std::map<std::int64_t, double> counts;
    for (const std::int64_t label : labels) counts[label] += 1;
    double most = 0;
    for (const auto& [label, count] : counts) most = std::max(most, count);
    const double n = static_cast<double>(rows.count()), guess = most / n, accuracy = accuracy_on(material.subject, rows);
    if (counts.size() > 1 && accuracy <= guess + 2 * std::sqrt(guess * (1 - guess) / n))
        report.add(split, fmt::format("accuracy {:.3f} on {} rows; always saying the commonest class gives {:.3f}", accuracy, rows.count(), guess));
}

}  // namespace

extern const Rule untrained_model{
    .id = "untrained-model",
    .severity = Severity::warning,
    .summary = "accuracy no better than guessing the commonest class",
    .explanation = "On up to 1,000 rows of the training split the network is right no more often, within two standard errors, than a constant answer: training failed, or preprocessing or class order "
                   "are not those of training.",
    .advice = "Check the declared preprocessing (rule input-scale) and the order of the classes; leave failed runs out of a zoo, or say that they are in it.",
    .on_run = look,
};

}  // namespace assay::lint::rule
