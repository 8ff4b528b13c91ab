#pragma once
// Whether another common input scale suits a network much better than the declared one.

#include "libanalysis/measures/subject.hpp"

#include <string>
#include <utility>
#include <vector>

namespace assay::lint {

/// Raw values, x/255, and x/127.5 - 1.
std::vector<data::Preprocessing> common_scales();

/// Accuracy of the trained network on `rows`; NaN when an output is not finite. @throws Error of the pass or the labels.
double accuracy_on(measures::Subject& subject, const data::Rows& rows);

struct ScaleComplaint {
    double declared = 0, other = 0;   ///< accuracies
    std::string words{};              ///< a sentence; empty: nothing to complain of
};

/// Tries the other common scales on a seeded subset of 500 rows, and speaks when one of them gives at least
/// 0.1 more accuracy and at most two thirds of the errors. Three short passes: callers ask only when accuracy is poor.
ScaleComplaint scale_complaint(measures::Subject& subject, const data::Rows& rows);

}  // namespace assay::lint
