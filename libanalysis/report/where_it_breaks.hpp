#pragma once
// Where the best measures and the baselines order models wrongly, with two models one can open.

#include "libanalysis/evaluate/evaluation.hpp"

#include <string>
#include <vector>

namespace assay::report {

struct MeasureBreak {
    std::string measure;
    evaluate::Role role = evaluate::Role::measure;
    bool falling = false;   ///< read as falling with the target, since its tau is negative
    evaluate::Break found;
};

struct Breaks {
    std::vector<MeasureBreak> all;        ///< the gravest first: by how many wrong pairs there are beyond half
    std::vector<std::string> without;     ///< measures that were looked at and break nowhere
};

/// The eight measures with the largest |tau| and all baselines, each read in the direction of its own tau over all models: a measure
/// breaks where it contradicts what it says elsewhere. At most five breaks a measure. `scores` are those of Kendall's tau.
Breaks where_it_breaks(const evaluate::Frame& frame, const evaluate::TargetScores& scores);

/// The section of the page, a table for each target.
std::string breaks_section(const std::vector<evaluate::TargetScores>& targets, const std::vector<Breaks>& breaks);

}  // namespace assay::report
