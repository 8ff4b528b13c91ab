#pragma once
// What a predictor predicts, and the scale on which it is learned. One row in targets.def, one constant in target.cpp.

#include "libanalysis/evaluate/targets.hpp"

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::predict {

struct Target {
    std::string_view name;     ///< "test_error": --target, predictor files
    std::string_view title;    ///< "test error"
    std::string_view needs;    ///< what a zoo must have, in words
    std::string_view scale;    ///< "logit of test accuracy": part of a predictor file, which another scale refuses
    bool share = false;        ///< a part of one, shown in percent; otherwise a plain number
    double least = 0, most = std::numeric_limits<double>::max();   ///< that it can be
    std::optional<evaluate::Target> (*of)(const evaluate::Frame&) = nullptr;
    /// To the scale and back, both monotone and one the inverse of the other up to what the scale clips.
    double (*to_scale)(double value) = nullptr;
    double (*from_scale)(double scaled) = nullptr;
};

std::span<const Target* const> targets();
/// @throws Error{usage} naming the targets there are.
const Target& target(std::string_view name);

}  // namespace assay::predict
