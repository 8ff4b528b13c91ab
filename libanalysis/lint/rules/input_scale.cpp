// Inputs on another scale than the network was trained on.

#include "libanalysis/lint/input_scale.hpp"

#include "libanalysis/lint/rule.hpp"

namespace assay::lint::rule {
namespace {

void look(RunMaterial& material, Report& report) {
    for (const char* split : {"train", "test"})
        if (const data::Rows* rows = material.subject.rows(split)) {
            const ScaleComplaint complaint = scale_complaint(material.subject, *rows);
            // A network that is bad at any scale is more likely broken than fed wrongly.
            if (!complaint.words.empty()) report.add(complaint.other < 0.8 ? Severity::warning : Severity::error, split, complaint.words);
            return;   // one split tells
        }
}

}  // namespace

extern const Rule input_scale{
    .id = "input-scale",
    .severity = Severity::error,
    .summary = "another common input scale gives far better accuracy than the declared one",
    .explanation = "The network is run on up to 500 labelled rows with the declared preprocessing and with x, x / 255 and x / 127.5 - 1 (a warning where the best of them stays below 80 %). Scaling is in no checkpoint, and the wrong one makes every "
                   "number about data wrong without making it look wrong.",
    .advice = "Declare the preprocessing that was used in training: --scale 1/255, or input_scale in the zoo's zoo.json.",
    .on_run = look,
};

}  // namespace assay::lint::rule
