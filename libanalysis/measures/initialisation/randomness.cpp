// Singular values against those of a random matrix: what training left.

#include "libanalysis/measures/initial_state.hpp"
#include "libanalysis/measures/layer_means.hpp"

namespace assay::measures {
namespace {

template <class F>
std::vector<Value> of_randomness(Subject& subject, F number) {
    return with_layer_mean(subject, "", [&](const WeightMatrix& matrix) { return number(randomness_of(subject, matrix.parameter)); });
}

std::vector<Value> edge(Subject& subject, const Parameters&) {
    return of_randomness(subject, [](const Randomness& found) { return found.edge_ratio; });
}
std::vector<Value> above(Subject& subject, const Parameters&) {
    return of_randomness(subject, [](const Randomness& found) { return found.above; });
}
std::vector<Value> distance(Subject& subject, const Parameters&) {
    return of_randomness(subject, [](const Randomness& found) { return found.distance; });
}
std::vector<Value> verdict(Subject& subject, const Parameters&) {
    return with_layer_mean(subject, "", [&](const WeightMatrix& matrix) {
        const State state = initial_state_of(subject, matrix.parameter).state;
        if (state == State::too_small) throw Error(ErrorKind::data, {"layer " + matrix.label, "sides of at least 8", "too small a matrix to tell"});
        return state == State::untouched ? 1.0 : 0.0;
    });
}

constexpr std::string_view used = "layer_eigenvalues,layer_spectrum";

}  // namespace

extern const Measure edge_ratio{
    .name = "edge_ratio",
    .formula = R"(\sigma_1 / (s (\sqrt N + \sqrt M)), \quad s^2 = \|W\|_F^2 / (N M))",
    .source = "marchenko1967distribution",
    .needs = Need::weights,
    .direction = Direction::none,
    .ingredients = used,
    .doc = "Largest singular value of the layer (kernels as matrices) over that of independent weights with the same mean square, and the mean over "
           "layers: near 1 before training.",
    .compute = edge,
};

extern const Measure above_edge{
    .name = "above_edge",
    .formula = R"(|\{i : \sigma_i > 1.02 \, s (\sqrt N + \sqrt M)\}| / M)",
    .source = "marchenko1967distribution",
    .needs = Need::weights,
    .direction = Direction::none,
    .ingredients = used,
    .doc = "Share of the layer's singular values above 1.02 times the edge of edge_ratio, and the mean over layers: 0 before training.",
    .compute = above,
};

extern const Measure mp_distance{
    .name = "mp_distance",
    .formula = R"(\max_x |F_n(x) - F_{MP}(x)|, \quad x_i = \sigma_i^2 / (N s^2))",
    .source = "marchenko1967distribution",
    .needs = Need::weights,
    .direction = Direction::none,
    .ingredients = used,
    .doc = "Kolmogorov's distance between the layer's eigenvalues and the law of Marchenko and Pastur with the weights' mean square, and the mean over "
           "layers: about 2 / M before training.",
    .compute = distance,
};

extern const Measure looks_untouched{
    .name = "looks_untouched",
    .formula = R"(1[W_l \text{ is like random numbers}])",
    .source = "marchenko1967distribution",
    .needs = Need::weights,
    .direction = Direction::none,
    .ingredients = used,
    .doc = "1 where nothing tells the layer's weights from untrained ones: kurtosis of an initialiser (normal, uniform, cut normal), variance of one (He, "
           "Glorot, LeCun, PyTorch), edge_ratio and mp_distance within what 999 of 1000 random matrices have; or equal singular values (orthogonal). The "
           "mean is the share of such layers among those with sides of at least 8. A layer that training moved little may pass; with the initial "
           "weights at hand the distances say more.",
    .compute = verdict,
};

}  // namespace assay::measures
