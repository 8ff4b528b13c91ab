// Biases: most initialisers leave them zero.

#include "libanalysis/measures/subject.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

namespace assay::measures {
namespace {

/// `number`: of one bias, a double of each layer's and of all biases together: (sum over entries) / (entries).
template <class F>
std::vector<Value> mean_over_biases(Subject& subject, F number) {
    const model::Model& model = subject.model();
    std::vector<Value> values;
    double all = 0;
    std::size_t entries = 0;
    for (std::size_t i = 0; i < model.parameters.size(); ++i) {
        if (model.parameters[i].role != model::Role::bias) continue;
        require_finite(model, model.weights[i], i);
        const std::vector<double> bias = model.weights[i].to_double();
        double sum = 0;
        for (const double x : bias) sum += number(x);
        values.push_back(of_layer(model.parameters[i].layer, sum / static_cast<double>(bias.size()), {}, "the bias is empty"));
        all += sum;
        entries += bias.size();
    }
    values.push_back(entries ? whole(all / static_cast<double>(entries)) : missing("the model has no biases"));
    return values;
}

std::vector<Value> zeros(Subject& subject, const Parameters&) {
    return mean_over_biases(subject, [](double x) { return x == 0 ? 1.0 : 0.0; });
}
std::vector<Value> mean(Subject& subject, const Parameters&) {
    return mean_over_biases(subject, [](double x) { return x; });
}

}  // namespace

extern const Measure zero_biases{
    .name = "zero_biases",
    .formula = R"(|\{i : b_i = 0\}| / |b|)",
    .source = "chollet2015keras",
    .needs = Need::weights,
    .direction = Direction::none,
    .doc = "Share of biases that are exactly zero, by layer and in the model: 1 after Keras's initialisers, 0 after PyTorch's or any step of training.",
    .compute = zeros,
};

extern const Measure bias_mean{
    .name = "bias_mean",
    .formula = R"(\bar b_l)",
    .source = "he2015delving",
    .needs = Need::weights,
    .direction = Direction::none,
    .doc = "Mean of the biases, by layer and in the model.",
    .compute = mean,
};

}  // namespace assay::measures
