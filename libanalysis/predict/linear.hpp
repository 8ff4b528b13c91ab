#pragma once
// A linear function of standardised features, as ridge and lasso fit it.

#include "libanalysis/predict/learner.hpp"
#include "libanalysis/predict/scaling.hpp"

namespace assay::predict {

class Linear final : public Fitted {
public:
    Linear(std::vector<Scaling> scalings, std::vector<double> coefficients, double intercept)
        : scalings_(std::move(scalings)), coefficients_(std::move(coefficients)), intercept_(intercept) {}
    double predict(std::span<const double> features) const override;
    /// coefficient * standardised feature: standardised features have mean 0, so that these are the Shapley values of independent features.
    std::vector<double> contributions(std::span<const double> features) const override;
    double base() const override { return intercept_; }
    Json to_json() const override;
    static std::unique_ptr<Fitted> load(const Json& json, std::size_t features);
    const std::vector<double>& coefficients() const { return coefficients_; }   ///< of the standardised features
    const std::vector<Scaling>& scalings() const { return scalings_; }

private:
    std::vector<Scaling> scalings_;
    std::vector<double> coefficients_;
    double intercept_;
};

}  // namespace assay::predict
