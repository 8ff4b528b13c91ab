#pragma once
// The scale on which test accuracy is predicted: every real number is an accuracy there, and a step from 98 % to 99 % is as long as
// one from 50 % to 67 %.

#include <algorithm>
#include <cmath>

namespace assay::predict {

/// Accuracies nearer to 0 or 1 are taken as this near: the logit of a perfect model is not infinite.
constexpr double logit_clip = 1e-4;

inline double logit(double accuracy) {
    const double p = std::clamp(accuracy, logit_clip, 1 - logit_clip);
    return std::log(p / (1 - p));
}
/// Of a logit; infinities give 0 and 1.
inline double accuracy_of(double value) { return 1 / (1 + std::exp(-value)); }

}  // namespace assay::predict
