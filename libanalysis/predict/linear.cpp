#include "libanalysis/predict/linear.hpp"

#include "libanalysis/core/error.hpp"

#include <cmath>

namespace assay::predict {

double Linear::predict(std::span<const double> features) const {
    double value = intercept_;
    for (std::size_t c = 0; c < coefficients_.size(); ++c) value += coefficients_[c] * scalings_[c].apply(features[c]);
    return value;
}

std::vector<double> Linear::contributions(std::span<const double> features) const {
    std::vector<double> parts(coefficients_.size());
    for (std::size_t c = 0; c < parts.size(); ++c) parts[c] = coefficients_[c] * scalings_[c].apply(features[c]);
    return parts;
}

Json Linear::to_json() const {
    Json json{{"intercept", number_to_json(intercept_)}, {"rule", scaling_rule}, {"coefficients", Json::array()}, {"scalings", Json::array()}};
    for (const double coefficient : coefficients_) json["coefficients"].push_back(number_to_json(coefficient));
    for (const Scaling& scaling : scalings_) json["scalings"].push_back(predict::to_json(scaling));
    return json;
}

std::unique_ptr<Fitted> Linear::load(const Json& json, std::size_t features) {
    std::vector<double> coefficients;
    std::vector<Scaling> scalings;
    for (const Json& value : json.at("coefficients")) coefficients.push_back(number_from_json(value));
    for (const Json& value : json.at("scalings")) scalings.push_back(scaling_from(value));
    const double intercept = number_from_json(json.at("intercept"));
    bool finite = std::isfinite(intercept);
    for (const double value : coefficients) finite = finite && std::isfinite(value);
    if (coefficients.size() != features || scalings.size() != features || !finite)
        throw Error(ErrorKind::format, {"coefficients", "a finite one and a scaling for each feature", std::to_string(coefficients.size())});
    return std::make_unique<Linear>(std::move(scalings), std::move(coefficients), intercept);
}

}  // namespace assay::predict
