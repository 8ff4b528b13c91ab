#pragma once
// The training rows at weights near the subject's: loss, gradient and accuracy of w + delta, delta over the trainable parameters.

#include "libanalysis/measures/subject.hpp"

#include <span>
#include <string>
#include <vector>

namespace assay::measures {

/// values[i] = the i-th standard normal number of the seed's stream, on the context's threads; the same bits for any number of them.
void fill_normal(Seed seed, std::span<double> values, const Context& context);

struct LossGradient { double loss; std::vector<double> gradient; };

class Perturbation {
public:
    /// Around the trained weights, or around `base` (Model::weights order). The subject must outlive it.
    explicit Perturbation(Subject& subject);
    Perturbation(Subject& subject, const model::Weights& base);

    std::size_t size() const { return size_; }                                            ///< of delta
    std::span<const double> weights() const { return std::span(base_).first(size_); }     ///< trainable w

    /// Mean loss of the training rows at w + delta, no regulariser; computed in double from the outputs. May be infinite.
    /// @throws Error{data} where rows, labels and loss do not fit.
    double loss(std::span<const double> delta);
    LossGradient loss_gradient(std::span<const double> delta);
    /// Share of training rows predicted right; a row with an output that is not finite is not. @throws Error{data} without classes.
    double accuracy(std::span<const double> delta);

private:
    engine::Buffer moved(std::span<const double> delta);
    Subject& subject_;
    std::vector<double> base_;   // the flat parameter vector
    std::size_t size_;
};

/// "cross_entropy, mean, no regulariser, BatchNormalization inference": what loss() and loss_gradient() are of.
std::string plain_objective(Subject& subject);

}  // namespace assay::measures
