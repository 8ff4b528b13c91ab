#pragma once
// gamma, the margin that norm measures are divided by: the 10 % quantile of the training margins.

#include "libanalysis/measures/subject.hpp"

#include <string_view>

namespace assay::measures {

/// ln(1 / gamma^2). `exact`: gamma interpolated, refused where it is not positive. `dziugaite`: gamma the floor(m / 10)-th
/// smallest margin, its sign lost in the square as in the authors' code.
/// @throws Error{data} where gamma is 0, or not positive and `exact`.
double log_inverse_squared_margin(Subject& subject, std::string_view convention);

}  // namespace assay::measures
