// The mean increase of the loss over random directions.

#include "libanalysis/measures/perturbation.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>

namespace assay::measures {
namespace {

constexpr std::uint64_t pairs = 20;

std::vector<Value> compute(Subject& subject, const Parameters& parameters) {
    const double rho = positive(parameters, "rho");
    Perturbation around(subject);
    const Seed seed = subject.context().seed.child("average_sharpness");
    std::vector<double> delta(around.size(), 0.0);
    const double plain = around.loss(delta);
    std::vector<double> increases;
    for (std::uint64_t pair = 0; pair < pairs; ++pair) {
        fill_normal(seed.child(pair), delta, subject.context());
        double norm = 0;
        for (const double x : delta) norm += x * x;
        for (double& x : delta) x *= rho / std::sqrt(norm);
        double increase = around.loss(delta);
        for (double& x : delta) x = -x;
        increase = (increase + around.loss(delta)) / 2 - plain;
        increases.push_back(increase);
    }
    constexpr double n = pairs;
    double mean = 0, squares = 0;
    for (const double x : increases) mean += x / n;
    for (const double x : increases) squares += (x - mean) * (x - mean);
    Value value = whole(mean, {}, "the loss after a step is not finite");
    if (value.ok()) value.standard_error = std::sqrt(squares / (n - 1) / n);
    value.objective = plain_objective(subject);
    return {value};
}

}  // namespace

extern const Measure average_sharpness{
    .name = "average_sharpness",
    .formula = R"(\mathrm E_z \, L(w + \rho \, z / \|z\|) - L(w), \quad z \sim \mathcal N(0, I))",
    .source = "andriushchenko2023modern",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .parameters = "rho=0.05",
    .cost = "41 passes",
    .doc = "Mean increase of the training loss over random directions of length rho in the space of all trainable parameters: 20 seeded "
           "directions, each taken both ways so that the gradient cancels, with the standard error of their mean. For small rho it is "
           "rho^2 tr H / (2 P) with P parameters.",
    .compute = compute,
};

}  // namespace assay::measures
