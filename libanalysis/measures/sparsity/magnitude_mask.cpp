#include "libanalysis/measures/sparsity/magnitude_mask.hpp"

namespace assay::measures {

pruning::Masks magnitude_mask(const model::Model& model, const model::Weights& weights, double sparsity) {
    pruning::Masks masks = pruning::keep_highest(pruning::magnitudes(model, weights), sparsity);
    const pruning::Masks nonzero = pruning::nonzero(model, weights);
    for (std::size_t i = 0; i < masks.size(); ++i)
        for (std::size_t k = 0; k < masks[i].size(); ++k) masks[i][k] &= nonzero[i][k];
    return masks;
}

model::Weights masked_by_magnitude(const model::Model& model, double sparsity) {
    return pruning::masked(model.weights, magnitude_mask(model, model.weights, sparsity));
}

std::vector<Value> by_matrix(const model::Model& model, const std::function<double(const std::vector<const WeightMatrix*>&)>& of, const std::string& convention) {
    const std::vector<WeightMatrix> matrices = weight_matrices(model);
    std::vector<Value> values;
    std::vector<const WeightMatrix*> all;
    for (const WeightMatrix& matrix : matrices) {
        values.push_back(of_layer(matrix.label, of({&matrix}), convention, "nothing to compare"));
        all.push_back(&matrix);
    }
    values.push_back(whole(of(all), convention, "nothing to compare"));
    return values;
}

}  // namespace assay::measures
