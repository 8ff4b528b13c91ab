// One checkpoint under several names.

#include "libanalysis/lint/rule.hpp"

namespace assay::lint::rule {
namespace {

void look(const ZooMaterial& material, Report& report) {
    std::map<std::string, std::string> first;
    for (const ZooModel& model : material.models) {
        if (model.content.empty()) continue;
        const auto [known, fresh] = first.emplace(model.content, model.path);
        if (!fresh) report.add(model.path, "the same file as " + known->second);
    }
}

}  // namespace

extern const Rule zoo_duplicated_checkpoints{
    .id = "duplicated-checkpoints",
    .severity = Severity::error,
    .summary = "two models of a zoo that are the same file",
    .explanation = "Files are compared by content. A duplicate under another configuration is a wrong row in every evaluation, and one that falls into training and held-out part makes a predictor look better "
                   "than it is.",
    .advice = "Remove one of them, and look at how the second came about.",
    .on_zoo = look,
};

}  // namespace assay::lint::rule
