// LayerNormalization over the last `axes` axes: each run of values there is a row. `statistics` is "mean_and_variance"; "variance", which
// divides without subtracting the mean; "mean_square" (RMSNorm, Zhang and Sennrich 2019); or "sum_of_squares", which gives rows of norm 1.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/row_normalization.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_layer_normalization(const LayerSpec& spec) {
    spec.require_inputs(1);
    const Shape& input = spec.inputs[0];
    if (input.empty()) spec.fail("an input with at least one axis", "a scalar");
    const std::int64_t axes = spec.integer("axes", 1), rank = static_cast<std::int64_t>(input.size());
    if (axes < 1 || axes > rank) spec.fail("`axes` of 1 to " + std::to_string(rank), std::to_string(axes));
    RowStatistics statistics{.epsilon = spec.number("epsilon", 1e-3)};
    const std::string by = spec.text("statistics", "mean_and_variance");
    if (by != "mean_and_variance" && by != "variance" && by != "mean_square" && by != "sum_of_squares")
        spec.fail("`statistics` mean_and_variance, variance, mean_square or sum_of_squares", by);
    statistics.subtracts_mean = by == "mean_and_variance";
    statistics.about_the_mean = by == "mean_and_variance" || by == "variance";
    statistics.sums = by == "sum_of_squares";
    return make_row_normalization(spec, statistics, {.parameters = Shape(input.end() - axes, input.end())});
}

}  // namespace

const LayerKind layer_normalization_kind{"layer_normalization", make_layer_normalization};

}  // namespace assay::engine::layers
