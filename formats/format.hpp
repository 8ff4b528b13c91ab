#pragma once
// Checkpoint and data formats: content is sniffed, names and suffixes are never trusted. One file per layout, one row in
// formats.def. formats/README.md specifies the layouts.

#include "libanalysis/data/dataset.hpp"
#include "libanalysis/model/model.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace assay::formats {

struct LoadOptions {
    /// The architecture for a weights-only file: a config.json (PGDL), the JSON that Keras' to_json gives, or a whole model (HDF5 or
    /// .keras). Empty: one beside the file is taken where its layout says so (PGDL's config.json), else the model has no architecture.
    /// A file that tells its architecture keeps it.
    std::filesystem::path architecture{};
    /// What Lambda layers of Keras do, by their names: affine functions of x such as "x/255" or "(x-0.1307)/0.3081". Python code in a
    /// file is never run: a Lambda layer that is not named here is unsupported. @throws Error{usage} for others when the model is loaded.
    std::map<std::string, std::string> lambdas{};
};

class Candidate;   // formats/candidate.hpp

/// A checkpoint layout. `probe` is cheap, never throws on foreign content, and is exact: at most one format claims a file. Probes and
/// the loading share what one of them has opened.
struct Format {
    std::string_view name;
    std::string_view description;
    bool (*probe)(Candidate&);
    model::Model (*load)(Candidate&, const LoadOptions&);
};

std::span<const Format* const> catalogue();

/// The format that claims the file by content, or null. @throws Error{missing} when the file is not there.
const Format* sniff(const std::filesystem::path& path);

/// Whether a file deserves a row in a zoo: a format claims it by content, or its suffix is a checkpoint's and it is no data set
/// (train/x, test/x or x in HDF5). It opens HDF5 files: call it where a crash is contained.
bool looks_like_checkpoint(const std::filesystem::path& path);

/// What a file is that no format claims, for people: "a gzip archive, which is not read", "an HDF5 file of arrays", ...
std::string describe(const std::filesystem::path& path);

/// Loads a checkpoint. @throws Error{missing, format, unsupported, resource}; an unknown layer is not an error here (its node
/// has kind "unsupported").
model::Model load_model(const std::filesystem::path& path, const LoadOptions& options = {});

/// The same where the file looks_like_checkpoint, and nothing where it does not; opens it once. @throws Error like load_model
std::optional<model::Model> load_checkpoint(const std::filesystem::path& path, const LoadOptions& options = {});

/// What a checkpoint keeps of its optimizer, which no measure uses.
struct OptimizerState {
    std::int64_t arrays = 0, numbers = 0;   ///< moments, velocities, ...; the counter of steps apart
    std::optional<std::int64_t> steps;
};
/// Of a whole Keras file (HDF5 or .keras); nothing where it keeps none, or of another format. @throws Error{missing, format, resource}
std::optional<OptimizerState> optimizer_state(const std::filesystem::path& path);

/// Loads a file of weights (initial weights, another epoch) for the known architecture of `like`: Keras whole or weights-only
/// HDF5, Keras 3 .weights.h5, or .keras. Matched by position, role and shape, as Keras does. @throws Error{format} where they do not fit.
model::Weights load_weights_for(const model::Model& like, const std::filesystem::path& path);

/// Writes a copy of the HDF5 checkpoint that `like` was loaded from, with other values: one tensor for each parameter, canonical as in
/// Model::weights, written in the file's own layout and type where they differ. `fresh`: without the optimizer's state. The checkpoint
/// itself is only read. @throws Error{unsupported} for a checkpoint that is no HDF5 file, or an array whose layout cannot be told;
/// Error{usage} where `path` is the checkpoint; Error{resource}
void save_weights(const model::Model& like, const model::Weights& values, const std::filesystem::path& path, bool fresh = false);

/// Opens a data set: HDF5 with train/x .. test/y, or a PGDL folder of TFRecord shards. @throws Error
data::Dataset open_dataset(const std::filesystem::path& path);

/// One split from an HDF5 file with data set `x`, or one data set per input name (for `assay forward`).
std::shared_ptr<const data::Split> open_inputs(const std::filesystem::path& path, std::span<const std::string> input_names);

/// Writes named arrays as contiguous float32 data sets. @throws Error{resource}
struct NamedArray { std::string name; Shape shape; std::vector<float> values; };
void write_arrays(const std::filesystem::path& path, std::span<const NamedArray> arrays);

}  // namespace assay::formats
