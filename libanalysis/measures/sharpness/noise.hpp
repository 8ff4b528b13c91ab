#pragma once
// The noise that the weights bear, for the measures made of it.

#include "libanalysis/measures/ingredients/noise_search.hpp"

#include <string>

namespace assay::measures {

using ingredients::NoiseSearch;

/// sigma of a search. @throws Error{data} where `exact` never reaches the displacement; the other conventions give the last value tried,
/// as their codes do.
double borne_noise(Subject& subject, const std::string& convention, NoiseSearch::Scale scale);

}  // namespace assay::measures
