#pragma once
// Architectures that lie beside a file of weights.

#include "formats/keras_h5.hpp"
#include "formats/keras_weights.hpp"

#include <filesystem>
#include <optional>

namespace assay::formats::keras {

bool is_weights_only(const hdf5::File& file);

/// The config.json of the PGDL layout in the same folder, if there is one.
std::optional<std::filesystem::path> pgdl_config_beside(const std::filesystem::path& weights);

struct AnyArchitecture {
    Architecture architecture;
    bool pgdl = false;
};
/// From a whole model (HDF5 or .keras), Keras' JSON, or PGDL's config.json, whose layers take the names in `stored`. @throws Error
AnyArchitecture read_any_architecture(const std::filesystem::path& path, const StoredWeights& stored);

}  // namespace assay::formats::keras
