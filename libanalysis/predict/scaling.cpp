#include "libanalysis/predict/scaling.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
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

double Scaling::beyond(double value) const {
    if (!outside(value)) return 0;
    if (deviation == 0 || !(transform == Transform::identity || value > 0)) return std::numeric_limits<double>::infinity();
    const auto position = [&](double x) { return transform == Transform::log ? std::log(x) : x; };
    return (value < low ? position(low) - position(value) : position(value) - position(high)) / deviation;
}

Json to_json(const Scaling& scaling) {
    return {{"transform", to_string(scaling.transform)}, {"low", number_to_json(scaling.low)}, {"high", number_to_json(scaling.high)},
            {"mean", number_to_json(scaling.mean)}, {"deviation", number_to_json(scaling.deviation)}};
}

Scaling scaling_from(const Json& json) {
    Scaling scaling{transform_from(json.at("transform").get<std::string>()), 0, 0, 0, 0};
    for (const auto& [key, value] : {std::pair("low", &scaling.low), std::pair("high", &scaling.high), std::pair("mean", &scaling.mean),
                                     std::pair("deviation", &scaling.deviation)}) {
        *value = number_from_json(json.at(key));
        if (!std::isfinite(*value)) throw Error(ErrorKind::format, {key, "a finite number", json.at(key).dump()});
    }
    if (scaling.deviation < 0 || (scaling.transform == Transform::log && !(scaling.low > 0)))
        throw Error(ErrorKind::format, {"scaling", "deviation >= 0, and low > 0 under a log", json.dump()});
    return scaling;
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

std::vector<Scaling> fit_scalings(const Matrix& x, std::span<const std::size_t> rows) {
    std::vector<Scaling> scalings;
    std::vector<double> column(rows.size());
    for (std::size_t c = 0; c < x.columns; ++c) {
        for (std::size_t i = 0; i < rows.size(); ++i) column[i] = x(rows[i], c);
        scalings.push_back(fit_scaling(column));
    }
    return scalings;
}

}  // namespace assay::predict
