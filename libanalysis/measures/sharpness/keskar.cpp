// The largest loss in a box around the weights.

#include "libanalysis/measures/perturbation.hpp"
#include "libanalysis/measures/values.hpp"

#include <algorithm>
#include <cmath>

namespace assay::measures {
namespace {

constexpr int starts = 2, steps = 10;

// Ascent by the signs of the gradient, each coordinate in units of its side of the box, projected onto the box. A step that does not
// raise the loss is taken back and halved. The first step from 0 goes to the corner that a linear loss has its maximum in.
double largest_loss(Perturbation& around, const std::vector<double>& box, std::vector<double> delta) {
    LossGradient here = around.loss_gradient(delta);
    double step = 1;
    for (int i = 0; i < steps; ++i) {
        std::vector<double> next(delta.size());
        for (std::size_t j = 0; j < delta.size(); ++j) {
            const double sign = static_cast<double>(here.gradient[j] > 0) - static_cast<double>(here.gradient[j] < 0);
            next[j] = std::clamp(delta[j] + step * box[j] * sign, -box[j], box[j]);
        }
        if (next == delta) break;   // a corner that the gradient points out of
        LossGradient there = around.loss_gradient(next);
        if (there.loss > here.loss) {
            delta = std::move(next);
            here = std::move(there);
        } else {
            step /= 2;
        }
    }
    return here.loss;
}

std::vector<Value> compute(Subject& subject, const Parameters& parameters) {
    const double epsilon = positive(parameters, "epsilon");
    Perturbation around(subject);
    std::vector<double> box(around.size()), start(around.size(), 0.0);
    for (std::size_t i = 0; i < box.size(); ++i) box[i] = epsilon * (std::abs(around.weights()[i]) + 1);
    const double plain = around.loss_gradient(start).loss;
    double largest = plain;
    for (int s = 0; s < starts; ++s) {
        if (s > 0) {
            const Seed seed = subject.context().seed.child("keskar_sharpness").child(static_cast<std::uint64_t>(s));
            for (std::size_t i = 0; i < start.size(); ++i) start[i] = box[i] * (2 * seed.uniform(i) - 1);
        }
        const double found = largest_loss(around, box, start);
        if (!std::isfinite(found)) return {missing("the loss in the box is not finite")};
        largest = std::max(largest, found);
    }
    Value value = whole(100 * (largest - plain) / (1 + plain), {}, "the loss is not finite");
    value.objective = plain_objective(subject);
    return {value};
}

}  // namespace

extern const Measure keskar_sharpness{
    .name = "keskar_sharpness",
    .formula = R"(100 \, \frac{\max_{|\delta_i| \le \epsilon (|w_i| + 1)} L(w + \delta) - L(w)}{1 + L(w)})",
    .source = "keskar2017large",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .parameters = "epsilon=0.001",
    .cost = "up to 70 passes",
    .doc = "Largest mean training loss in a box around the weights, in percent of 1 + L. The maximum is searched by projected ascent along the "
           "signs of the gradient, 10 steps from the centre and 10 from a seeded random point, each step halved when it does not raise the loss; the "
           "paper uses 10 iterations of L-BFGS-B. A lower bound of the maximum. All trainable parameters move, in the full space.",
    .compute = compute,
};

}  // namespace assay::measures
