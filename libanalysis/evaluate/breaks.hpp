#pragma once
// Where a measure breaks: the settings of a hyper-parameter between which it orders models wrongly, with two models one can open.

#include "libanalysis/core/json.hpp"
#include "libanalysis/evaluate/protocol.hpp"

#include <string>
#include <vector>

namespace assay::evaluate {

struct Break {
    std::string axis, low, high;     ///< hyper-parameter and its two settings
    std::size_t pairs = 0, wrong = 0;   ///< pairs of one model each that differ in the target; ordered otherwise by the measure
    /// Whether the pairs agree in all other hyper-parameters; where the zoo has no such pairs, all pairs are taken.
    bool others_equal = true;
    std::string smaller, larger;     ///< of the wrongly ordered pairs the one whose targets lie farthest apart: models by target
    double smaller_target = missing, larger_target = missing, smaller_measure = missing, larger_measure = missing;
    Json to_json() const;
};

/// Settings between which at least three pairs and more than half of them are ordered wrongly: the gravest first (by how many wrong
/// pairs there are beyond half), at most `limit`. `falling`: the measure is read as one that falls with the target.
std::vector<Break> breaks(const Problem& problem, std::span<const std::string> models, std::size_t limit, bool falling = false);

}  // namespace assay::evaluate
