#include "libanalysis/measures/initial_state.hpp"

#include "libanalysis/measures/ingredients/layer_eigenvalues.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/spectral/marchenko_pastur.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace assay::measures {
namespace {

std::string distribution_of(const WeightStatistics& statistics, const Randomness& randomness) {
    // A product of reflections has equal singular values; in single precision up to rounding.
    if (randomness.spread < 1 + 1e-3 && randomness.cols > 1) return "orthogonal";
    static constexpr std::pair<const char*, double> families[] = {{"uniform", 1.8}, {"cut normal", 2.366}, {"normal", 3}};
    const auto* nearest = &families[0];
    for (const auto& family : families)
        if (std::abs(statistics.kurtosis - family.second) < std::abs(statistics.kurtosis - nearest->second)) nearest = &family;
    const double deviation = std::sqrt(24 / static_cast<double>(statistics.count));   // of a normal sample's kurtosis, the largest of the three
    return std::abs(statistics.kurtosis - nearest->second) < 4 * deviation + 0.01 ? nearest->first : "";
}

std::string scheme_of(const WeightStatistics& statistics, const Fans& fans, const std::string& distribution) {
    // A sample's variance deviates by this share; 4 of it and 1 %.
    const double tolerance = 4 * std::sqrt((statistics.kurtosis - 1) / static_cast<double>(statistics.count)) + 0.01;
    const double variance = statistics.variance;
    std::string scheme;
    double nearest = tolerance;
    for (const auto& [name, gain] : {std::pair{"He", variance * fans.in / 2}, {"Glorot", variance * (fans.in + fans.out) / 2}, {"LeCun", variance * fans.in},
                                     {"PyTorch", distribution == "uniform" ? 3 * variance * fans.in : 0.0}}) {
        if (!(std::abs(gain - 1) < nearest)) continue;
        nearest = std::abs(gain - 1);
        scheme = name;
    }
    return scheme;
}

bool within_randomness(const Randomness& r) {
    const double n = std::sqrt(static_cast<double>(r.rows)), p = std::sqrt(static_cast<double>(r.cols));
    const double width = (n + p) * std::cbrt(1 / n + 1 / p);   // of the largest eigenvalue about (n + p)^2
    const double highest_edge = std::sqrt(1 + 3.8 * width / ((n + p) * (n + p)));
    const auto cols = static_cast<double>(r.cols);
    return r.edge_ratio < highest_edge && r.distance < (1.3 + 0.5 * std::log(cols)) / cols;
}

}  // namespace

WeightStatistics statistics_of(const model::Tensor& tensor) {
    WeightStatistics found;
    const std::vector<double> values = tensor.to_double();
    found.count = values.size();
    const auto n = static_cast<double>(values.size());
    for (const double x : values) {
        found.mean += x / n;
        found.mean_square += x * x / n;
    }
    double fourth = 0;
    for (const double x : values) {
        const double square = (x - found.mean) * (x - found.mean);
        found.variance += square / n;
        fourth += square * square / n;
    }
    found.kurtosis = found.variance > 0 ? fourth / (found.variance * found.variance) : std::numeric_limits<double>::quiet_NaN();
    return found;
}

Fans fans_of(const Shape& kernel) {
    double places = 1;
    for (std::size_t axis = 0; axis + 2 < kernel.size(); ++axis) places *= static_cast<double>(kernel[axis]);
    return {places * static_cast<double>(kernel.at(kernel.size() - 2)), places * static_cast<double>(kernel.back())};
}

Randomness randomness_of(Subject& subject, std::size_t parameter) {
    const auto& eigenvalues = subject.get<ingredients::LayerEigenvalues>({"matrix", parameter});
    double sum = 0;
    for (const double value : eigenvalues.ascending) sum += value;
    if (!(sum > 0)) throw Error(ErrorKind::data, {"layer " + subject.model().parameters.at(parameter).layer, "a weight that is not zero", "zeros only"});
    const auto rows = static_cast<double>(eigenvalues.rows), cols = static_cast<double>(eigenvalues.cols);
    const double mean_square = sum / (rows * cols);
    const double edge = std::sqrt(mean_square) * (std::sqrt(rows) + std::sqrt(cols));
    std::vector<double> scaled = eigenvalues.ascending;
    for (double& value : scaled) value /= rows * mean_square;
    Randomness found;
    found.rows = eigenvalues.rows;
    found.cols = eigenvalues.cols;
    found.edge_ratio = std::sqrt(eigenvalues.largest()) / edge;
    found.above = static_cast<double>(std::count_if(eigenvalues.ascending.begin(), eigenvalues.ascending.end(),
                                                    [&](double value) { return std::sqrt(value) > 1.02 * edge; })) / cols;
    found.distance = spectral::marchenko_pastur_distance(scaled, cols / rows);
    found.spread = std::sqrt(eigenvalues.largest() / std::max(eigenvalues.ascending.front(), std::numeric_limits<double>::min()));
    return found;
}

InitialState initial_state_of(Subject& subject, std::size_t parameter) {
    const model::Tensor& tensor = subject.model().weights.at(parameter);
    InitialState state;
    state.randomness = randomness_of(subject, parameter);
    state.statistics = statistics_of(tensor);
    state.fans = fans_of(tensor.shape);
    state.distribution = distribution_of(state.statistics, state.randomness);
    state.scheme = scheme_of(state.statistics, state.fans, state.distribution);
    constexpr std::size_t smallest = 8;
    if (state.randomness.cols < smallest)
        state.state = State::too_small;
    else if (state.distribution == "orthogonal")
        state.state = State::untouched;
    else if (!state.distribution.empty() && within_randomness(state.randomness))
        state.state = state.scheme.empty() ? State::random : State::untouched;
    return state;
}

std::string InitialState::initialiser() const {
    if (state != State::untouched) return {};
    return distribution == "orthogonal" ? distribution : scheme + " " + distribution;
}

std::string_view to_string(State state) {
    switch (state) {
        case State::untouched: return "untouched";
        case State::random: return "random";
        case State::trained: return "trained";
        case State::too_small: return "too small";
    }
    return "";
}

}  // namespace assay::measures
