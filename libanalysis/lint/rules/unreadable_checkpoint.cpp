// Files of a zoo that nothing could be said about, because they could not be read.

#include "libanalysis/lint/rule.hpp"

#include <algorithm>

namespace assay::lint::rule {
namespace {

// What says something about the machine and the time it was given, and nothing about the file.
bool not_the_files_fault(const std::string& kind) {
    constexpr std::string_view kinds[] = {"timeout", "memory", "resource", "unavailable", "interrupted"};
    return std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds);
}

void look(const ZooMaterial& material, Report& report) {
    for (const Unread& file : material.unread)
        report.add(file.kind == "unsupported" ? Severity::note : not_the_files_fault(file.kind) ? Severity::warning : Severity::error, file.path, file.kind + ": " + file.reason);
}

}  // namespace

extern const Rule unreadable_checkpoint{
    .id = "unreadable-checkpoint",
    .severity = Severity::error,
    .summary = "a file of a zoo that cannot be read",
    .explanation = "The file is cut short, damaged or not there, or is no checkpoint although the zoo has a row for it; its data do not fit it; or the worker that read it died. No other rule has looked at it. It is a "
                   "warning where time or memory did not suffice, which says nothing about the file, and a note where the file is valid and holds what Assay does not have. In a "
                   "store these are the models that failed.",
    .advice = "Fetch or write the file again; assay inspect FILE says more. Give more --timeout or fewer --workers where time or memory did not suffice.",
    .on_zoo = look,
};

}  // namespace assay::lint::rule
