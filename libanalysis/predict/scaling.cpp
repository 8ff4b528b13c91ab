#include "libanalysis/predict/scaling.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace assay::predict {

std::string_view to_string(Transform transform) { return transform == Transform::log ? "log" : "identity"; }

Transform transform_from(std::string_view name) {
    if (name == "log") return Transform::log;
    if (name == "identity") return Transform::identity;
    throw Error(ErrorKind::format, {"transform", "identity or log", std::string(name)});
}

double Scaling::apply(double value) const {
    if (deviation == 0) return 0;
    const double seen = std::clamp(value, low, high);
    return ((transform == Transform::log ? std::log(seen) : seen) - mean) / deviation;
}

Scaling fit_scaling(std::span<const double> values) {
    Scaling scaling;
    if (values.empty()) return scaling;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    scaling.low = *low;
    scaling.high = *high;
    if (scaling.low > 0 && scaling.high >= 10 * scaling.low) scaling.transform = Transform::log;
    std::vector<double> transformed(values.begin(), values.end());
    if (scaling.transform == Transform::log)
        for (double& value : transformed) value = std::log(value);
    const auto n = static_cast<double>(values.size());
    for (const double value : transformed) scaling.mean += value / n;
    double squares = 0;
    for (const double value : transformed) squares += (value - scaling.mean) * (value - scaling.mean) / n;
    scaling.deviation = std::sqrt(squares);
    // Equal values whose mean is off by rounding are constant, not a feature of deviation 1e-17.
    if (scaling.low == scaling.high) scaling.deviation = 0;
    return scaling;
}

}  // namespace assay::predict
