#pragma once
// Arrays of recurrent layers in the layouts of older and of other kernels, made those of LSTM and GRU: gates side by side.

#include "formats/keras_weights.hpp"

namespace assay::formats::keras {

/// Keras 1 has an array for every gate: W_i, U_i, b_i, W_c, ... of an LSTM and W_z, ... of a GRU. Each run of them becomes kernel,
/// recurrent kernel and bias, with gates in the order i, f, c, o and z, r, h. Other arrays stay. @throws Error{format} for gates of different shapes.
void join_gates(std::vector<StoredTensor>& tensors);

/// An array of CuDNNLSTM or CuDNNGRU, of the shape that these have, as that of LSTM or of GRU with reset_after: the blocks of gates transposed, an
/// LSTM's two biases added, a GRU's as two rows. @throws Error{format} for other shapes.
void convert_cudnn(model::Tensor& tensor, model::Role role, bool lstm);

}  // namespace assay::formats::keras
