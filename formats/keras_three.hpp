#pragma once
// Keras 3 weights (.weights.h5, also inside .keras; Keras 2.12 to 2.15 alike): groups named after classes (layers/dense, layers/dense_1, ...
// counted a class in the model's order), arrays numbered: vars/0, vars/1. The names are not those of the layers.

#include "formats/keras_weights.hpp"

namespace assay::formats::keras {

/// Whether some group `vars` holds an array `0`, and no list of layers says that this is an older file.
bool is_keras_three(const hdf5::File& file);

/// The arrays of one group.
struct NumberedGroup {
    std::string place;   ///< below the model's `layers`: "dense_1", "lstm/cell", "functional/layers/dense"
    std::vector<StoredTensor> tensors;   ///< named by what the group's class usually has, else by their numbers
};

/// Every group with arrays except those of optimizer and metrics: numbers in order, and the parts of a composite layer in the order of its
/// weights (query before key). @throws Error{format, unsupported, resource}
std::vector<NumberedGroup> read_keras_three(const hdf5::File& file);

/// Layers as the groups tell them, for a file alone: no order among classes, since the file has none.
StoredWeights without_architecture(std::vector<NumberedGroup> groups);

/// A layer of the model, in the model's order.
struct Place { std::string layer; std::string place; };
/// One stored layer for each of `places`, with the arrays of its group and of all groups below; without arrays where there is none.
/// Groups that no layer takes follow as layers of their own where `rest` says so, as a model wants it with layers of unknown classes.
/// @throws Error{format} naming a group that no layer takes
StoredWeights by_place(std::vector<NumberedGroup> groups, const std::vector<Place>& places, bool rest = false);

}  // namespace assay::formats::keras
