// PAC-Bayes values that bound nothing.

#include "libanalysis/lint/rule.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace assay::lint::rule {
namespace {

void look(const ZooMaterial& material, Report& report) {
    std::set<std::string> columns;
    for (const ZooModel& model : material.models)
        for (const auto& [name, value] : model.measures)
            if (name.starts_with("pacbayes_") && (name.find("orig") != std::string::npos || name.find("init") != std::string::npos)) columns.insert(name);
    for (const std::string& column : columns) {
        std::size_t known = 0, vacuous = 0;
        double least = 1e300;
        for (const ZooModel& model : material.models) {
            const auto value = model.measures.find(column);
            if (value == model.measures.end() || !(model.train_rows > 0)) continue;
            ++known;
            const double bound = std::sqrt(value->second / (2 * model.train_rows));
            vacuous += !(bound < 1);
            least = std::min(least, bound);
        }
        if (known > 0 && vacuous == known)
            report.add("measure." + column, fmt::format("as a bound on the gap it is above 1 for all {} models (smallest {:.3g})", known, least));
    }
}

}  // namespace

extern const Rule zoo_vacuous_bound{
    .id = "vacuous-bound",
    .severity = Severity::note,
    .summary = "a PAC-Bayes measure that bounds the gap by more than 1 for every model",
    .explanation = "McAllester's bound on the gap is sqrt(value / (2 m)) for m training rows. Above 1 it says nothing about any single model; the measure may still order models.",
    .advice = "Use it as a ranking, not as a guarantee.",
    .on_zoo = look,
};

}  // namespace assay::lint::rule
