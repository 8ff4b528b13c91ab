#pragma once
// Pairs of models that differ in one hyper-parameter only: what granulated protocols and the table of breaks are made of.

#include "libanalysis/evaluate/protocol.hpp"

#include <map>
#include <vector>

namespace assay::evaluate {

/// The rows of a problem that agree in all axes but one, by context; a row that resampling repeats occurs as often here.
std::map<int, std::vector<std::size_t>> by_context(const Problem& problem, const Axis& axis);

/// How many pairs that makes.
double granulated_pairs(const Problem& problem);

/// sign(0) = 0
inline int sign(double value) { return (value > 0) - (value < 0); }

}  // namespace assay::evaluate
