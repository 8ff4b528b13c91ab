// How unequal the magnitudes of the weights are, and whether they fit the pattern of sparse matrix units.

#include "libanalysis/measures/layer_means.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace assay::measures {
namespace {

std::vector<double> magnitudes_of(Subject& subject, const WeightMatrix& matrix) {
    const model::Tensor& tensor = subject.model().weights[matrix.parameter];
    require_finite(subject.model(), tensor, matrix.parameter);
    std::vector<double> magnitudes = tensor.to_double();
    for (double& x : magnitudes) x = std::abs(x);
    return magnitudes;
}

/// Sorted in the tensor's own precision, which keeps the order and halves the time.
template <class T>
double gini_of(std::vector<T> magnitudes) {
    for (T& x : magnitudes) x = std::abs(x);
    std::sort(magnitudes.begin(), magnitudes.end());
    const auto n = static_cast<double>(magnitudes.size());
    double sum = 0, weighted = 0;
    for (std::size_t i = 0; i < magnitudes.size(); ++i) {
        sum += static_cast<double>(magnitudes[i]);
        weighted += (2 * static_cast<double>(i + 1) - n - 1) * static_cast<double>(magnitudes[i]);
    }
    if (!(sum > 0)) throw Error(ErrorKind::data, {"weights", "one that is not zero", "zeros only"});
    return weighted / (n * sum);
}

std::vector<Value> gini(Subject& subject, const Parameters&) {
    return with_layer_mean(subject, "", [&](const WeightMatrix& matrix) {
        const model::Tensor& tensor = subject.model().weights[matrix.parameter];
        require_finite(subject.model(), tensor, matrix.parameter);
        return std::visit([](const auto& values) { return gini_of(values); }, tensor.values);
    });
}

std::size_t whole_number(const Parameters& parameters, const char* key) {
    const double value = positive(parameters, key);
    if (value != std::floor(value) || value > 1024) throw Error(ErrorKind::usage, {key, "a whole number up to 1024", parameters.at(key)});
    return static_cast<std::size_t>(value);
}

/// Calls `visit` with the magnitudes of every group of m weights that follow each other along the inputs of a unit; what is left over at
/// the end of a unit is no group. @throws Error{data} for units of fewer than m inputs.
template <class F>
void visit_groups(Subject& subject, const WeightMatrix& matrix, std::size_t m, F visit) {
    if (matrix.rows < m)
        throw Error(ErrorKind::data, {"layer " + matrix.label, std::to_string(m) + " inputs of a unit", std::to_string(matrix.rows)});
    const std::vector<double> magnitudes = magnitudes_of(subject, matrix);
    std::vector<double> group(m);
    for (std::size_t first = 0; first + m <= matrix.rows; first += m)   // units inside: they lie side by side in memory
        for (std::size_t unit = 0; unit < matrix.cols; ++unit) {
            for (std::size_t k = 0; k < m; ++k) group[k] = magnitudes[(first + k) * matrix.cols + unit];
            visit(group);
        }
}

std::vector<Value> compliance(Subject& subject, const Parameters& parameters) {
    const std::size_t n = whole_number(parameters, "n"), m = whole_number(parameters, "m");
    return with_layer_mean(subject, "", [&](const WeightMatrix& matrix) {
        double good = 0, groups = 0;
        visit_groups(subject, matrix, m, [&](const std::vector<double>& group) {
            const auto nonzero = static_cast<std::size_t>(std::count_if(group.begin(), group.end(), [](double x) { return x != 0; }));
            good += nonzero <= n;
            ++groups;
        });
        return good / groups;
    });
}

std::vector<Value> kept(Subject& subject, const Parameters& parameters) {
    const std::size_t n = whole_number(parameters, "n"), m = whole_number(parameters, "m");
    return with_layer_mean(subject, "", [&](const WeightMatrix& matrix) {
        double large = 0, all = 0;
        visit_groups(subject, matrix, m, [&](std::vector<double>& group) {
            std::sort(group.begin(), group.end(), std::greater<>());
            large = std::accumulate(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(std::min(n, m)), large);
            all = std::accumulate(group.begin(), group.end(), all);
        });
        if (!(all > 0)) throw Error(ErrorKind::data, {"layer " + matrix.label, "a weight that is not zero", "zeros only"});
        return large / all;
    });
}

}  // namespace

extern const Measure weight_gini{
    .name = "weight_gini",
    .formula = R"(\sum_i (2i - n - 1) |w|_{(i)} \,/\, (n \sum_i |w|_i))",
    .source = "hurley2009comparing",
    .needs = Need::weights,
    .direction = Direction::none,
    .cost = "a sort of every layer's weights",
    .doc = "Gini coefficient of the magnitudes of a layer's weights, and the mean over layers: 0 for equal ones, near 1 where a few hold all.",
    .compute = gini,
};

extern const Measure nm_compliance{
    .name = "nm_compliance",
    .formula = R"(|\{g : |\{i \in g : w_i \ne 0\}| \le n\}| / |\{g\}|)",
    .source = "mishra2021accelerating",
    .needs = Need::weights,
    .direction = Direction::none,
    .parameters = "n=2,m=4",
    .doc = "Share of the groups of m weights along the inputs of a unit that have at most n non-zeros, by layer, and the mean: 1 for what sparse matrix "
           "units take; a random mask of half of the weights has 11/16 at 2:4.",
    .compute = compliance,
};

extern const Measure nm_magnitude_kept{
    .name = "nm_magnitude_kept",
    .formula = R"(\sum_g \sum_{i \le n} |w|_{g,(i)} \,/\, \sum_i |w_i|)",
    .source = "mishra2021accelerating",
    .needs = Need::weights,
    .direction = Direction::none,
    .parameters = "n=2,m=4",
    .doc = "Share of the magnitude that stays where the n largest of every m weights along the inputs of a unit are kept, by layer, and the mean.",
    .compute = kept,
};

}  // namespace assay::measures
