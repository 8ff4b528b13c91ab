#pragma once
// Checkpoint and data formats: content is sniffed, names and suffixes are never trusted. One file per layout, one row in
// formats.def. formats/README.md specifies the layouts.

#include "libanalysis/data/dataset.hpp"
#include "libanalysis/model/model.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace assay::formats {

struct LoadOptions {
    /// The architecture for a weights-only file: a config.json (PGDL) or a model file. Empty: one beside the file is taken
    /// where its layout says so (PGDL's config.json), else the model has no architecture.
    std::filesystem::path architecture{};
};

/// A checkpoint layout. `probe` is cheap, never throws on foreign content, and is exact: at most one format claims a file.
struct Format {
    std::string_view name;
    std::string_view description;
    bool (*probe)(const std::filesystem::path&);
    model::Model (*load)(const std::filesystem::path&, const LoadOptions&);
};

std::span<const Format* const> catalogue();

/// The format that claims the file by content, or null. @throws Error{missing} when the file is not there.
const Format* sniff(const std::filesystem::path& path);

/// Whether a file deserves a row in a zoo: a format claims it by content, or its suffix is a checkpoint's and it is no data set
/// (train/x, test/x or x in HDF5). It opens HDF5 files: call it where a crash is contained.
bool looks_like_checkpoint(const std::filesystem::path& path);

/// Loads a checkpoint. @throws Error{missing, format, unsupported, resource}; an unknown layer is not an error here (its node
/// has kind "unsupported").
model::Model load_model(const std::filesystem::path& path, const LoadOptions& options = {});

/// Loads a file of weights (initial weights, another epoch) for the known architecture of `like`: Keras whole or weights-only
/// HDF5, or Keras 3 .weights.h5. Matched by position, role and shape, as Keras does. @throws Error{format} where they do not fit.
model::Weights load_weights_for(const model::Model& like, const std::filesystem::path& path);

/// Opens a data set: HDF5 with train/x .. test/y, or a PGDL folder of TFRecord shards. @throws Error
data::Dataset open_dataset(const std::filesystem::path& path);

/// One split from an HDF5 file with data set `x`, or one data set per input name (for `assay forward`).
std::shared_ptr<const data::Split> open_inputs(const std::filesystem::path& path, std::span<const std::string> input_names);

/// Writes named arrays as contiguous float32 data sets. @throws Error{resource}
struct NamedArray { std::string name; Shape shape; std::vector<float> values; };
void write_arrays(const std::filesystem::path& path, std::span<const NamedArray> arrays);

}  // namespace assay::formats
