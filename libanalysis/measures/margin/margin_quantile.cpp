// Quantiles of the training margins.

#include "libanalysis/measures/ingredients/margins.hpp"
#include "libanalysis/measures/values.hpp"

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters& parameters) {
    const double q = fraction(parameters, "quantile");
    const std::vector<double>& margins = subject.get<ingredients::Margins>({"train"});
    return {whole(ingredients::interpolated_quantile(margins, q), "exact"),
            attempt("dziugaite", [&] { return ingredients::kth_quantile(margins, q); })};
}

}  // namespace

extern const Measure margin_quantile{
    .name = "margin_quantile",
    .formula = R"(Q_q\{ f(x_i)_{y_i} - \max_{j \ne y_i} f(x_i)_j \})",
    .source = "bartlett2017spectrally",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::smaller_gap,
    .conventions = "exact,dziugaite",
    .parameters = "quantile=0.1|0.25|0.5|0.75|0.9",
    .ingredients = "labels,margins,outputs",
    .doc = "Quantile of the training margins. exact: interpolated between order statistics; dziugaite: the floor(q m)-th smallest.",
    .compute = compute,
};

}  // namespace assay::measures
