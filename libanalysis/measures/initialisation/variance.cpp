// The variance of the weights in the units of the usual initialisers, and their shape.

#include "libanalysis/measures/initial_state.hpp"
#include "libanalysis/measures/layer_means.hpp"

namespace assay::measures {
namespace {

/// `number`: (statistics, fans) -> double.
template <class F>
std::vector<Value> of_statistics(Subject& subject, F number) {
    return with_layer_mean(subject, "", [&](const WeightMatrix& matrix) {
        const model::Tensor& tensor = subject.model().weights[matrix.parameter];
        require_finite(subject.model(), tensor, matrix.parameter);
        return number(statistics_of(tensor), fans_of(tensor.shape));
    });
}

std::vector<Value> he(Subject& subject, const Parameters&) {
    return of_statistics(subject, [](const auto& statistics, const Fans& fans) { return statistics.variance * fans.in / 2; });
}
std::vector<Value> glorot(Subject& subject, const Parameters&) {
    return of_statistics(subject, [](const auto& statistics, const Fans& fans) { return statistics.variance * (fans.in + fans.out) / 2; });
}
std::vector<Value> lecun(Subject& subject, const Parameters&) {
    return of_statistics(subject, [](const auto& statistics, const Fans& fans) { return statistics.variance * fans.in; });
}
std::vector<Value> kurtosis(Subject& subject, const Parameters&) {
    return of_statistics(subject, [](const auto& statistics, const Fans&) { return statistics.kurtosis; });
}

}  // namespace

extern const Measure he_gain{
    .name = "he_gain",
    .formula = R"(\tfrac12 n_{\mathrm{in}} \operatorname{Var} W_l)",
    .source = "he2015delving",
    .needs = Need::weights,
    .direction = Direction::none,
    .doc = "Variance of the layer's weights over that of He's initialiser, 1 where it made them, and the mean over layers. n_in is height x width x "
           "input channels.",
    .compute = he,
};

extern const Measure glorot_gain{
    .name = "glorot_gain",
    .formula = R"(\tfrac12 (n_{\mathrm{in}} + n_{\mathrm{out}}) \operatorname{Var} W_l)",
    .source = "glorot2010understanding",
    .needs = Need::weights,
    .direction = Direction::none,
    .doc = "Variance of the layer's weights over that of Glorot's initialiser, and the mean over layers.",
    .compute = glorot,
};

extern const Measure lecun_gain{
    .name = "lecun_gain",
    .formula = R"(n_{\mathrm{in}} \operatorname{Var} W_l)",
    .source = "lecun1998efficient",
    .needs = Need::weights,
    .direction = Direction::none,
    .doc = "Variance of the layer's weights over that of LeCun's initialiser, and the mean over layers. PyTorch's default has a third.",
    .compute = lecun,
};

extern const Measure weight_kurtosis{
    .name = "weight_kurtosis",
    .formula = R"(\operatorname{E}(w - \bar w)^4 / \operatorname{Var}(w)^2)",
    .source = "he2015delving",
    .needs = Need::weights,
    .direction = Direction::none,
    .doc = "Kurtosis of the layer's weights, and the mean over layers: 3 for normal weights, 2.366 for a normal law cut at two deviations, 1.8 for uniform "
           "ones. Training makes the tails heavier.",
    .compute = kurtosis,
};

}  // namespace assay::measures
