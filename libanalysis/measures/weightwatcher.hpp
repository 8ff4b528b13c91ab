#pragma once
// How WeightWatcher 0.7.7 looks at a layer: which it takes, and the matrices that it cuts a convolution into. Its eigenvalues, fits
// and names follow in ingredients/layer_eigenvalues.hpp, ingredients/power_law.hpp and the measures of the family spectrum.

#include "libanalysis/model/model.hpp"

#include <optional>
#include <string>

namespace assay::measures::weightwatcher {

/// Matrices of one size that together are a layer: one for dense layers and embeddings, one for each place of a convolution's kernel.
struct Slices {
    std::size_t rows = 0, cols = 0;   ///< N >= M
    std::size_t count = 0;            ///< the receptive field, rf
    std::size_t outputs = 0;
    bool convolution = false;         ///< its eigenvalues are halved
    std::size_t eigenvalues() const { return cols * count; }
};

/// None for kernels that WeightWatcher does not know: recurrent ones and those with three or five axes.
std::optional<Slices> slices_of(const model::Model& model, std::size_t parameter);

/// Why WeightWatcher leaves the layer out, or "".
std::string left_out(const std::optional<Slices>& slices);

}  // namespace assay::measures::weightwatcher
