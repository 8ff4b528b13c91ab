#pragma once
// The parts of a whole Keras HDF5 file that other layouts use too.

#include "formats/hdf5.hpp"
#include "formats/keras_config.hpp"

namespace assay::formats::keras {

struct Architecture {
    Graph graph;
    Dialect dialect;
};

bool is_whole_model(const hdf5::File& file);
/// @throws Error{format, unsupported}
Architecture read_architecture(const hdf5::File& file);

}  // namespace assay::formats::keras
