#pragma once
// Keras 3 .weights.h5: groups named after classes (layers/dense, layers/dense_1, ... counted a class in the model's order),
// arrays numbered: vars/0, vars/1. The names are not those of the layers.

#include "formats/keras_weights.hpp"

namespace assay::formats::keras {

bool is_keras_three(const hdf5::File& file);

/// Every layer's arrays under the path of its group; no order among layers, since the file has none.
StoredWeights read_keras_three(const hdf5::File& file);

/// A layer of the model in the model's order.
struct NamedClass { std::string layer; std::string layer_class; };
/// The arrays for these layers, found by counting classes as Keras does; layers without a group have no arrays.
StoredWeights order_keras_three(const StoredWeights& stored, const std::vector<NamedClass>& layers);

}  // namespace assay::formats::keras
