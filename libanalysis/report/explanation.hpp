#pragma once
// What carries the prediction: over the zoo and for one model, from predictions of models that were held out.

#include "libanalysis/core/json.hpp"
#include "libanalysis/predict/fit.hpp"

#include <string>

namespace assay::report {

std::string explanation_section(const predict::Fit& fit);

/// {"features": [name], "models": [{"row", "base", "parts": [[feature, contribution]], "rest", "others"}]}, the eight largest parts of each
/// held-out prediction, to the logit of test accuracy; null where the method tells no contributions.
Json explanation_data(const predict::Fit& fit);

}  // namespace assay::report
