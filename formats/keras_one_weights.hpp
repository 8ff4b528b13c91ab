#pragma once
// Keras 1 kept the arrays of some layers otherwise: one a gate in recurrent layers, an axis more in Conv1D. Here they become those of Keras 2.

#include "formats/keras_weights.hpp"

namespace assay::formats::keras {

/// Renews the arrays of one layer, or of the layer inside TimeDistributed and Bidirectional, in place; those of newer files stay.
/// @throws Error{format} where arrays that belong together do not fit
void renew_arrays(const Layer& layer, const StoredWeights& stored, const Dialect& dialect, std::vector<StoredTensor>& tensors);

/// make_canonical for a kernel of a layer, or of the layer inside a wrapper.
void make_kernel_canonical(model::Tensor& kernel, const StoredWeights& stored, const Layer& layer, const Dialect& dialect);

}  // namespace assay::formats::keras
