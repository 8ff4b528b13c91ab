#pragma once
// Arrays of CuDNNLSTM and CuDNNGRU as those of LSTM and GRU.

#include "formats/keras_weights.hpp"

namespace assay::formats::keras {

/// An array of the shape that a CuDNN layer has, as that of LSTM or of GRU with reset_after: the blocks of gates transposed, an LSTM's two biases
/// added, a GRU's as two rows. @throws Error{format} for other shapes.
void convert_cudnn(model::Tensor& tensor, model::Role role, bool lstm);

}  // namespace assay::formats::keras
