#pragma once
// Whether another common input scale suits a network much better than the declared one.

#include "libanalysis/measures/subject.hpp"

#include <string>
#include <utility>
#include <vector>

namespace assay::tools {

/// Raw values, x/255, and x/127.5 - 1.
std::vector<data::Preprocessing> common_scales();

/// Accuracy of the trained network on `rows`; NaN when an output is not finite. @throws Error of the pass or the labels.
double accuracy_on(measures::Subject& subject, const data::Rows& rows);

/// "" or a sentence. Tries the other common scales on a seeded subset of 500 rows, and speaks when one of them gives at least
/// 0.1 more accuracy and at most two thirds of the errors. Three short passes: callers ask only when accuracy is poor.
std::string scale_complaint(measures::Subject& subject, const data::Rows& rows);

}  // namespace assay::tools
