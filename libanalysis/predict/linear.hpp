#pragma once
// A linear function of standardised features, as ridge and lasso fit it.

#include "libanalysis/predict/learner.hpp"
#include "libanalysis/predict/scaling.hpp"

namespace assay::predict {

struct LinearFit {
    std::vector<Scaling> scalings;
    std::vector<double> coefficients;   ///< of the standardised features
    double intercept = 0;
    double penalty = 0;                 ///< that the fit was made with
    double predict(std::span<const double> features) const;   ///< raw features, in the order of the columns
};

class Linear final : public Fitted {
public:
    explicit Linear(LinearFit fit) : fit_(std::move(fit)) {}
    double predict(std::span<const double> features) const override { return fit_.predict(features); }
    /// coefficient * standardised feature: standardised features have mean 0, so that these are the Shapley values of independent features.
    std::vector<double> contributions(std::span<const double> features) const override;
    double base() const override { return fit_.intercept; }
    Json to_json() const override;
    static std::unique_ptr<Fitted> load(const Json& json, std::size_t features);
    static std::vector<std::unique_ptr<Fitted>> each(std::vector<LinearFit> fits);   ///< as a learner gives them
    const std::vector<double>& coefficients() const { return fit_.coefficients; }
    const std::vector<Scaling>& scalings() const { return fit_.scalings; }

private:
    LinearFit fit_;
};

/// The numbers under a key of every setting.
std::vector<double> values_of(std::span<const Json> settings, const char* key);

}  // namespace assay::predict
