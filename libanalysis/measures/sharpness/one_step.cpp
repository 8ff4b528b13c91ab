// Sharpness by one step of ascent: SAM and its adaptive variant.

#include "libanalysis/measures/perturbation.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>
#include <functional>

namespace assay::measures {
namespace {

// The increase of the loss along scale_i^2 g_i / ||scale . g||, of length rho in the metric of `scale`.
std::vector<Value> increase(Subject& subject, double rho, const std::function<double(double w)>& scale) {
    Perturbation around(subject);
    std::vector<double> delta(around.size(), 0.0);
    const auto [loss, gradient] = around.loss_gradient(delta);
    double squares = 0;
    for (std::size_t i = 0; i < delta.size(); ++i) {
        const double t = scale(around.weights()[i]);
        delta[i] = t * t * gradient[i];
        squares += t * t * gradient[i] * gradient[i];
    }
    if (!(squares > 0) || !std::isfinite(squares)) return {missing(squares == 0 ? "the gradient is zero: the step has no direction" : "the gradient is not finite")};
    for (double& x : delta) x *= rho / std::sqrt(squares);
    // Both losses by the same function, so that rounding cancels.
    const double raised = around.loss(delta), plain = around.loss(std::vector<double>(delta.size(), 0.0));
    Value value = whole(raised - plain, {}, "the loss after the step is not finite");
    value.objective = plain_objective(subject);
    return {value};
}

std::vector<Value> sam(Subject& subject, const Parameters& parameters) {
    return increase(subject, positive(parameters, "rho"), [](double) { return 1.0; });
}

std::vector<Value> asam(Subject& subject, const Parameters& parameters) {
    const double eta = positive(parameters, "eta");
    return increase(subject, positive(parameters, "rho"), [eta](double w) { return std::abs(w) + eta; });
}

}  // namespace

extern const Measure sam_sharpness{
    .name = "sam_sharpness",
    .formula = R"(L(w + \rho \, g / \|g\|) - L(w))",
    .source = "foret2021sharpness",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .parameters = "rho=0.05",
    .cost = "5 passes",
    .doc = "Increase of the mean training loss after one step of length rho along its gradient: the first-order maximiser over an L2 ball. "
           "All trainable parameters move; the gradient is that of all the rows, not of a mini-batch.",
    .compute = sam,
};

extern const Measure asam_sharpness{
    .name = "asam_sharpness",
    .formula = R"(L(w + \rho \, T^2 g / \|T g\|) - L(w), \quad T = \mathrm{diag}(|w| + \eta))",
    .source = "kwon2021asam",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .parameters = "rho=0.5,eta=0.01",
    .cost = "5 passes",
    .doc = "As sam_sharpness in the metric of the weights' own magnitudes, which does not change when a layer is scaled up and the next one "
           "down. Every trainable parameter is scaled by its magnitude, biases and normalisation parameters included.",
    .compute = asam,
};

}  // namespace assay::measures
