#include "libanalysis/measures/margin_scale.hpp"
#include "libanalysis/measures/values.hpp"

#include <cmath>

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters&) {
    std::vector<Value> values;
    for (const char* convention : {"exact", "dziugaite"})
        values.push_back(attempt(convention, [&] { return std::exp(log_inverse_squared_margin(subject, convention)); }));
    return values;
}

}  // namespace

extern const Measure inverse_margin{
    .name = "inverse_margin",
    .formula = R"(1 / \gamma^2)",
    .source = "jiang2020fantastic",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .conventions = "exact,dziugaite",
    .ingredients = "labels,margins,outputs",
    .doc = "gamma is the 10 % quantile of the training margins. exact: interpolated, refused where it is not positive; dziugaite: the "
           "floor(m/10)-th smallest, of either sign.",
    .compute = compute,
};

}  // namespace assay::measures
