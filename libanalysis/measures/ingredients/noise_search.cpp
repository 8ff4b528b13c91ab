#include "libanalysis/measures/ingredients/noise_search.hpp"

#include "libanalysis/measures/folded.hpp"
#include "libanalysis/measures/ingredients/predictions.hpp"
#include "libanalysis/measures/perturbation.hpp"

#include <cmath>

namespace assay::measures::ingredients {
namespace {

constexpr double target = 0.1, tolerance = 0.01, magnitude_epsilon = 1e-3;

/// What the public codes and papers do differently.
struct Protocol {
    std::string_view name;
    bool fold;               ///< BatchNormalization first
    bool squared;            ///< the noise has standard deviation sigma^2 (magnitude: sigma^2 w^2 + eps^2)
    bool either_way;         ///< accuracy that rises by 0.1 counts like accuracy that falls
    bool fresh;              ///< other draws at every step; else the same ones, scaled
    double lower, upper;
    int steps, draws;
    double narrow;           ///< stops when the bracket is below this
};

constexpr Protocol protocols[] = {
    {"exact", false, false, false, false, 0, 2, 15, 10, 0},
    {"dziugaite", true, true, true, true, 0, 2, 15, 10, 0},
    {"jiang", false, false, true, true, 1e-5, 2, 20, 15, 5e-3},
};

const Protocol& protocol_of(std::string_view name) {
    for (const Protocol& protocol : protocols)
        if (protocol.name == name) return protocol;
    throw Error(ErrorKind::internal, {"noise search", "a known convention", std::string(name)});
}

double deviation(const Protocol& protocol, NoiseSearch::Scale scale, double sigma, double weight) {
    if (scale == NoiseSearch::Scale::absolute) return protocol.squared ? sigma * sigma : sigma;
    const double variance = sigma * sigma * weight * weight + magnitude_epsilon * magnitude_epsilon;
    return protocol.squared ? variance : std::sqrt(variance);
}

}  // namespace

NoiseSearch::Value NoiseSearch::compute(Subject& subject, const Key& key) {
    const Protocol& protocol = protocol_of(key.convention);
    const model::Model& model = subject.model();
    Perturbation around = protocol.fold && has_normalisation(model) ? Perturbation(subject, folded(model, model.weights)) : Perturbation(subject);
    const Seed seed = subject.context().seed.child(key.scale == Scale::absolute ? "pacbayes_sigma" : "pacbayes_sigma_magnitude").child(protocol.name);
    const double accuracy = subject.get<Predictions>({"train"}).accuracy();
    std::vector<double> noise(around.size());
    Value value{.lower = protocol.lower, .upper = protocol.upper};
    bool reached = false;
    for (int step = 0; step < protocol.steps; ++step) {
        if (value.upper - value.lower < protocol.narrow) break;
        const double sigma = (value.lower + value.upper) / 2;
        double sum = 0, squares = 0;
        for (int draw = 0; draw < protocol.draws; ++draw) {
            const Seed of_step = protocol.fresh ? seed.child(static_cast<std::uint64_t>(step)) : seed;
            fill_normal(of_step.child(static_cast<std::uint64_t>(draw)), noise, subject.context());
            for (std::size_t i = 0; i < noise.size(); ++i) noise[i] *= deviation(protocol, key.scale, sigma, around.weights()[i]);
            const double fall = accuracy - around.accuracy(noise);
            sum += fall;
            squares += fall * fall;
            ++value.evaluations;
        }
        const double n = protocol.draws, mean = sum / n, displacement = protocol.either_way ? std::abs(mean) : mean;
        const bool accepted = std::abs(displacement - target) < tolerance, beyond = displacement > target;
        // The codes give the last noise tried; the bisection proper the largest that was borne.
        if (accepted || protocol.either_way || !beyond) {
            value.sigma = sigma;
            value.displacement = displacement;
            value.displacement_error = std::sqrt(std::max(0.0, squares - n * mean * mean) / (n - 1) / n);
        }
        if (accepted) {
            value.status = Status::converged;
            return value;
        }
        (beyond ? value.upper : value.lower) = sigma;
        reached = reached || beyond;
    }
    value.status = reached && value.lower > protocol.lower ? Status::bracketed : Status::unreached;
    return value;
}

}  // namespace assay::measures::ingredients
