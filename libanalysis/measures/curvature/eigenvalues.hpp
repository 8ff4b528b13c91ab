#pragma once
// The ends of the Hessian's spectrum, for the measures made of them.

#include "libanalysis/measures/subject.hpp"

#include <span>
#include <vector>

namespace assay::measures {

std::vector<double> hessian_largest(Subject& subject);   ///< descending: curvature_top() of them, or all
double hessian_smallest(Subject& subject);

/// Position of the largest ratio between neighbours of a descending list, both above 0: how many eigenvalues stand apart from the rest.
/// A list that falls to 0 or below after its k-th entry, k <= `most`, has its gap there.
/// @throws Error{data} without two positive values or a gap.
std::size_t largest_gap(std::span<const double> descending, std::size_t most);

}  // namespace assay::measures
