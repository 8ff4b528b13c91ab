#pragma once
// Computes requested measures of one subject: needs first, then the measure; a failure becomes a reason; an ingredient is
// dropped as soon as no remaining measure names it.

#include "libanalysis/measures/catalogue.hpp"
#include "libanalysis/measures/subject.hpp"

#include <functional>
#include <span>
#include <vector>

namespace assay::measures {

struct Row {
    const Measure* measure = nullptr;
    Value value;
    double seconds = 0;   ///< of computing it, shared ingredients included where this measure came first
};

/// Rows in the order of requests: every convention and parameter alternative of each, whole-model and layer values.
/// Makes library calls on this thread serial, so that the bits do not depend on the number of threads.
/// @throws Error{interrupted} when the subject's context says stop, and every other error of circumstance; the rest become reasons.
std::vector<Row> measure_all(Subject& subject, std::span<const Request> requests,
                             const std::function<void(const Row&)>& done = {});

/// Why the subject lacks what the measure needs; "" when nothing is lacking.
std::string lacking(Subject& subject, const Measure& measure);

}  // namespace assay::measures
