#include "libanalysis/measures/sparsity/magnitude_mask.hpp"
#include "libanalysis/measures/subject.hpp"

namespace assay::measures {
namespace {

struct Overlap { double both = 0, either = 0, same = 0, first = 0, second = 0, all = 0; };

Overlap overlap(const pruning::Masks& a, const pruning::Masks& b, const std::vector<const WeightMatrix*>& matrices) {
    Overlap sum;
    for (const WeightMatrix* matrix : matrices) {
        const auto& x = a[matrix->parameter];
        const auto& y = b[matrix->parameter];
        for (std::size_t k = 0; k < x.size(); ++k) {
            sum.both += x[k] & y[k];
            sum.either += x[k] | y[k];
            sum.same += x[k] == y[k];
            sum.first += x[k];
            sum.second += y[k];
        }
        sum.all += static_cast<double>(x.size());
    }
    return sum;
}

double jaccard(const Overlap& o) { return o.both / o.either; }

/// What two independent masks of these densities have: p q / (p + q - p q), (1 - s) / (1 + s) for equal ones.
double chance(const Overlap& o) {
    const double p = o.first / o.all, q = o.second / o.all;
    return p * q / (p + q - p * q);
}

std::vector<Value> compute(Subject& subject, const Parameters& parameters) {
    const model::Model& model = subject.model();
    const double sparsity = fraction(parameters, "sparsity");
    const pruning::Masks final = magnitude_mask(model, model.weights, sparsity), initial = magnitude_mask(model, *subject.weights("init"), sparsity);
    std::vector<Value> values;
    for (const auto& [convention, of] : {std::pair<const char*, double (*)(const Overlap&)>{"jaccard", jaccard},
                                         {"chance", chance},
                                         {"early_bird", [](const Overlap& o) { return 1 - o.same / o.all; }}})
        for (Value& value : by_matrix(model, [&, of = of](const auto& matrices) { return of(overlap(initial, final, matrices)); }, convention))
            values.push_back(std::move(value));
    return values;
}

}  // namespace

extern const Measure mask_overlap{
    .name = "mask_overlap",
    .formula = R"(|M^0 \cap M| / |M^0 \cup M|)",
    .source = "you2020drawing",
    .needs = Need::weights | Need::init,
    .direction = Direction::none,
    .conventions = "jaccard,chance,early_bird",
    .parameters = "sparsity=0.8|0.95",
    .doc = "How alike the masks of the initial and the trained weights are, each keeping its largest magnitudes of the whole network; also by layer. "
           "jaccard: kept by both over kept by either; chance: what independent masks of the same densities have; early_bird: the share of weights on which "
           "the masks differ, which is small at high sparsity whatever they are.",
    .compute = compute,
};

}  // namespace assay::measures
