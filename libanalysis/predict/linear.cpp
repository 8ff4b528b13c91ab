#include "libanalysis/predict/linear.hpp"

#include "libanalysis/core/error.hpp"

#include <cmath>

namespace assay::predict {

double LinearFit::predict(std::span<const double> features) const {
    double value = intercept;
    for (std::size_t c = 0; c < coefficients.size(); ++c) value += coefficients[c] * scalings[c].apply(features[c]);
    return value;
}

std::vector<double> Linear::contributions(std::span<const double> features) const {
    std::vector<double> parts(fit_.coefficients.size());
    for (std::size_t c = 0; c < parts.size(); ++c) parts[c] = fit_.coefficients[c] * fit_.scalings[c].apply(features[c]);
    return parts;
}

Json Linear::to_json() const {
    Json json{{"intercept", number_to_json(fit_.intercept)}, {"rule", scaling_rule}, {"coefficients", Json::array()}, {"scalings", Json::array()}};
    for (const double coefficient : fit_.coefficients) json["coefficients"].push_back(number_to_json(coefficient));
    for (const Scaling& scaling : fit_.scalings) json["scalings"].push_back(predict::to_json(scaling));
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
    return std::make_unique<Linear>(LinearFit{std::move(scalings), std::move(coefficients), intercept, 0});
}

std::vector<std::unique_ptr<Fitted>> Linear::each(std::vector<LinearFit> fits) {
    std::vector<std::unique_ptr<Fitted>> all;
    for (LinearFit& fit : fits) all.push_back(std::make_unique<Linear>(std::move(fit)));
    return all;
}

std::vector<double> values_of(std::span<const Json> settings, const char* key) {
    std::vector<double> values;
    for (const Json& setting : settings) values.push_back(setting.at(key).get<double>());
    return values;
}

}  // namespace assay::predict
