#include "libanalysis/measures/sparsity/magnitude_mask.hpp"
#include "libanalysis/measures/subject.hpp"

#include <cmath>

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters&) {
    const model::Model& model = subject.model();
    const pruning::Scores final = pruning::magnitudes(model, model.weights), initial = pruning::magnitudes(model, *subject.weights("init"));
    return by_matrix(model, [&](const std::vector<const WeightMatrix*>& matrices) {
        double count = 0, mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
        for (const WeightMatrix* matrix : matrices)
            for (std::size_t k = 0; k < final[matrix->parameter].size(); ++k) {
                ++count;
                mean_x += initial[matrix->parameter][k];
                mean_y += final[matrix->parameter][k];
            }
        mean_x /= count;
        mean_y /= count;
        for (const WeightMatrix* matrix : matrices)
            for (std::size_t k = 0; k < final[matrix->parameter].size(); ++k) {
                const double x = initial[matrix->parameter][k] - mean_x, y = final[matrix->parameter][k] - mean_y;
                xx += x * x;
                yy += y * y;
                xy += x * y;
            }
        return xy / std::sqrt(xx * yy);
    });
}

}  // namespace

extern const Measure magnitude_correlation{
    .name = "magnitude_correlation",
    .formula = R"(\operatorname{corr}(|w^0|, |w|))",
    .source = "zhou2019deconstructing",
    .needs = Need::weights | Need::init,
    .direction = Direction::none,
    .doc = "Pearson correlation of the magnitudes of all weights before and after training, weight by weight; also by layer.",
    .compute = compute,
};

}  // namespace assay::measures
