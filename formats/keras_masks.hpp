#pragma once
// Functional models of Keras 3 write the masks that layers get by themselves as tensors: Masking's as any(x != mask_value, -1), Embedding's as
// x != 0, each handed to later layers as `mask`.

#include "formats/keras_config.hpp"

namespace assay::formats::keras {

/// Drops the masks that only say what a Masking or Embedding layer with the same input says, and the operations that made them. Other ones stay.
void drop_restated_masks(Graph& graph);

}  // namespace assay::formats::keras
