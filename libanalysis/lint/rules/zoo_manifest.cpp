// What reading the zoo's manifest complained about.

#include "libanalysis/lint/rule.hpp"

namespace assay::lint::rule {
namespace {

void look(const ZooMaterial& material, Report& report) {
    for (const std::string& warning : material.warnings) report.add("", warning);
}

}  // namespace

extern const Rule zoo_manifest{
    .id = "zoo-manifest",
    .severity = Severity::warning,
    .summary = "what is odd about a zoo's metrics.csv, zoo.json and files",
    .explanation = "The warnings of assay zoo scan: rows without a file, files without a row, training rows that are not declared, and the like.",
    .advice = "See assay zoo scan.",
    .on_zoo = look,
};

}  // namespace assay::lint::rule
