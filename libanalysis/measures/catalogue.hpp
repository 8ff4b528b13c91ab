#pragma once
// The measures as constants by name, for code and tests that mean a certain one; and what the list knows of each.

#include "libanalysis/measures/measure.hpp"

namespace assay::measures {

#define MEASURE(file, id) extern const Measure id;
#include "libanalysis/measures/catalogue.def"
#undef MEASURE

/// The folder of the measure's file: "norm", "margin", ...
std::string_view family_of(const Measure& measure);

/// The measure of that name, or null.
const Measure* find_measure(std::string_view name);

/// The conventions a measure gives, default first; one empty word where there is only one.
std::vector<std::string> conventions_of(const Measure& measure);

/// Every combination of parameters that is computed by default: one empty map for a measure without parameters. Keys that
/// `given` names are taken from it. @throws Error{usage} for a parameter that the measure does not have.
std::vector<Parameters> alternatives_of(const Measure& measure, const Parameters& given = {});

/// "init, train_data, train_labels": what a measure needs, in words.
std::string needs_in_words(Need needs);
std::string_view to_string(Direction direction);

/// "quantile=0.1,side=left": canonical, keys sorted. "" for none.
std::string to_string(const Parameters& parameters);

/// The page docs/measures.md.
std::string catalogue_markdown();

}  // namespace assay::measures
