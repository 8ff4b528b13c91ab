#pragma once
// A .keras archive: what it holds, read into memory.

#include "formats/candidate.hpp"
#include "formats/hdf5.hpp"
#include "formats/keras_h5.hpp"
#include "formats/keras_weights.hpp"

namespace assay::formats::keras {

/// Whether a zip archive holds a Keras model; never throws on foreign or damaged content. @throws Error{missing}
bool is_archive(Candidate& candidate);

struct Archive {
    Json config;            ///< as to_json gives it, with `compile_config`
    Dialect dialect;        ///< its version from metadata.json
    hdf5::File weights;     ///< model.weights.h5
};
/// @throws Error{format, unsupported, resource} for forged or damaged archives, and weights as pickled numpy arrays or in several files
Archive open_archive(Candidate& candidate);

/// Its graph alone. @throws Error
Architecture read_archive_architecture(Candidate& candidate);

/// The arrays for the layers of a graph, one stored layer a layer, once layers that are the same are joined in it. @throws Error
StoredWeights weights_for(Graph& graph, const hdf5::File& file);

}  // namespace assay::formats::keras
