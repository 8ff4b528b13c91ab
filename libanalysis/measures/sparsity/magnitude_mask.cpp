#include "libanalysis/measures/sparsity/magnitude_mask.hpp"

#include "libanalysis/measures/weight_matrices.hpp"

#include <algorithm>
#include <cmath>

namespace assay::measures {

model::Weights masked_by_magnitude(const model::Model& model, double sparsity) {
    model::Weights weights = model.weights;
    const std::vector<WeightMatrix> matrices = weight_matrices(model);
    std::vector<double> magnitudes;
    for (const WeightMatrix& matrix : matrices) {
        require_finite(model, weights[matrix.parameter], matrix.parameter);
        std::visit([&](const auto& array) {
            for (const auto x : array) magnitudes.push_back(std::abs(static_cast<double>(x)));
        }, weights[matrix.parameter].values);
    }
    // Nudged, so that 0.9 of 10 is 9 although the product may round below it.
    const auto zeros = std::min(magnitudes.size(), static_cast<std::size_t>(std::floor(sparsity * static_cast<double>(magnitudes.size()) * (1 + 1e-12))));
    if (zeros == 0) return weights;
    std::nth_element(magnitudes.begin(), magnitudes.begin() + static_cast<std::ptrdiff_t>(zeros - 1), magnitudes.end());
    const double threshold = magnitudes[zeros - 1];
    std::size_t below = 0;
    for (std::size_t i = 0; i + 1 < zeros; ++i) below += magnitudes[i] < threshold;
    std::size_t at_threshold = zeros - below;
    for (const WeightMatrix& matrix : matrices)
        std::visit([&](auto& array) {
            for (auto& x : array) {
                const double magnitude = std::abs(static_cast<double>(x));
                if (magnitude < threshold)
                    x = 0;
                else if (magnitude == threshold && at_threshold > 0) {
                    x = 0;
                    --at_threshold;
                }
            }
        }, weights[matrix.parameter].values);
    return weights;
}

}  // namespace assay::measures
