// What was logged and what was computed disagree.

#include "libanalysis/lint/rule.hpp"

#include <fmt/format.h>

#include <cmath>

namespace assay::lint::rule {
namespace {

void look(const ZooMaterial& material, Report& report) {
    for (const char* name : {"train_accuracy", "test_accuracy"}) {
        std::size_t both = 0, apart = 0;
        double worst = 0;
        std::string where;
        for (const ZooModel& model : material.models) {
            const auto logged = model.metrics.find(name);
            const auto computed = model.measures.find(name);
            if (logged == model.metrics.end() || computed == model.measures.end()) continue;
            ++both;
            const double difference = std::abs(logged->second - computed->second);
            if (!(difference > 0.005)) continue;
            ++apart;
            if (difference > worst) {
                worst = difference;
                where = fmt::format("{}: logged {:.4f}, computed {:.4f}", model.path, logged->second, computed->second);
            }
        }
        if (apart > 0) report.add(std::string("metric.") + name, fmt::format("differs by more than 0.005 for {} of {} models; most for {}", apart, both, where));
    }
}

}  // namespace

extern const Rule zoo_accuracy_differs{
    .id = "accuracy-differs",
    .severity = Severity::warning,
    .summary = "logged and computed accuracies of a store that differ",
    .explanation = "The accuracy in metrics.csv and the one that Assay computes on the declared data differ by more than half a percent. Then preprocessing, rows, or the checkpoint are not those that were "
                   "logged, and every data measure is about something else than the logged metrics.",
    .advice = "Check input_scale, train_rows and the data file in zoo.json. Augmented or dropped-out training accuracies as Keras logs them differ by nature.",
    .on_zoo = look,
};

}  // namespace assay::lint::rule
