// The sharpness in units of what gradient descent with the file's learning rate can bear.

#include "libanalysis/measures/curvature/eigenvalues.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"
#include "libanalysis/measures/values.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace assay::measures {
namespace {

struct Momentum { double beta = 0; bool nesterov = false; };

Momentum momentum_of(const model::TrainingFacts& facts) {
    Momentum momentum;
    for (const char* key : {"optimizer_config", "optimizer"}) {
        if (!facts.raw.is_object() || !facts.raw.contains(key) || !facts.raw[key].is_object()) continue;
        const Json& config = facts.raw[key].contains("config") ? facts.raw[key]["config"] : Json();
        if (!config.is_object()) continue;
        if (config.contains("momentum") && config["momentum"].is_number()) momentum.beta = config["momentum"].get<double>();
        if (config.contains("nesterov") && config["nesterov"].is_boolean()) momentum.nesterov = config["nesterov"].get<bool>();
    }
    return momentum;
}

std::vector<Value> compute(Subject& subject, const Parameters&) {
    const model::TrainingFacts& facts = subject.model().facts;
    if (!facts.learning_rate) return {missing("the file does not give the learning rate")};
    std::string optimizer = facts.optimizer;
    std::transform(optimizer.begin(), optimizer.end(), optimizer.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (optimizer != "sgd") return {missing("the edge is that of gradient descent; the file's optimizer is " + (facts.optimizer.empty() ? "not named" : facts.optimizer))};
    const auto [beta, nesterov] = momentum_of(facts);
    const double bearable = (2 + 2 * beta) / (*facts.learning_rate * (nesterov ? 1 + 2 * beta : 1));
    Value value = whole(hessian_largest(subject).front() / bearable);
    value.objective = ingredients::objective_words(subject, ingredients::training_primal(subject));
    return {value};
}

}  // namespace

extern const Measure edge_of_stability{
    .name = "edge_of_stability",
    .formula = R"(\lambda_1(H) \, \eta / 2)",
    .source = "cohen2021gradient",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::none,
    .ingredients = "curvature_eigenvalues,training_primal",
    .cost = "some 40 products, shared by the measures of curvature_eigenvalues",
    .doc = "Largest eigenvalue of the Hessian times half the learning rate that the file gives: above 1 full-batch gradient descent is unstable, and "
           "it trains towards 1. With momentum b the threshold is (2 + 2 b) / eta, with Nesterov's (2 + 2 b) / ((1 + 2 b) eta). For files whose "
           "optimizer is SGD; the rate is the last one stored, and mini-batches stay below the edge.",
    .compute = compute,
};

}  // namespace assay::measures
