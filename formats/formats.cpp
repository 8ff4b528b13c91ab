#include "formats/candidate.hpp"
#include "formats/content.hpp"
#include "formats/data_readers.hpp"
#include "formats/format.hpp"
#include "libanalysis/core/error.hpp"

#include <algorithm>

namespace assay::formats {

#define FORMAT(name) extern const Format name;
#include "formats/formats.def"
#undef FORMAT

std::span<const Format* const> catalogue() {
#define FORMAT(name) &name,
    static constexpr const Format* all[] = {
#include "formats/formats.def"
    };
#undef FORMAT
    return all;
}

namespace {

// The first object that is not read at all, "w: an external link": layouts then claim nothing in the file.
std::string refused_object(const hdf5::File& file) {
    constexpr std::size_t most_looked_at = 1000;
    std::string last;
    try {
        const std::vector<std::string> leaves = file.leaves();
        for (std::size_t i = 0; i < std::min(leaves.size(), most_looked_at); ++i) {
            last = leaves[i];
            (void)file.dataset(last);
        }
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::unsupported) return (last.empty() ? error.parts().where : last) + ": " + error.parts().found;
    }
    return "";
}

// Says so where the file is cut short.
std::string describe_hdf5(const hdf5::File& file) {
    if (is_data_file(file)) return "a data set";
    if (const std::string refused = refused_object(file); !refused.empty()) return "an HDF5 file with an object that is not read, " + refused;
    std::string names;
    for (const std::string& name : file.names())
        if (names.size() < 60) names += (names.empty() ? "" : ", ") + name;
    return names.empty() ? "an HDF5 file without any object" : "an HDF5 file without them, which holds " + names;
}

}  // namespace

std::string describe(const std::filesystem::path& path) {
    try {
        Candidate candidate(path);
        return candidate.has_hdf5_signature() ? describe_hdf5(candidate.hdf5()) : describe_content(path);
    } catch (const Error& error) {
        return error.parts().found;
    }
}

namespace {

const Format* sniff(Candidate& candidate) {
    std::error_code ignored;
    const std::filesystem::file_status status = std::filesystem::status(candidate.path(), ignored);
    if (!std::filesystem::exists(status)) throw Error(ErrorKind::missing, {candidate.path().string(), "a file", "nothing there"});
    if (!std::filesystem::is_regular_file(status)) return nullptr;
    for (const Format* format : catalogue())
        if (format->probe(candidate)) return format;
    return nullptr;
}

/// Of a file that no format claims.
bool deserves_a_row(Candidate& candidate) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(candidate.path(), ignored)) return false;
    if (is_foreign_checkpoint(candidate.path())) return true;
    if (!has_checkpoint_suffix(candidate.path())) return false;
    try {
        return !candidate.has_hdf5_signature() || !is_data_file(candidate.hdf5());
    } catch (const Error&) {
        return true;   // cut short or damaged: a checkpoint by its name, and loading it will say what is wrong
    }
}

// Readers name the file by its own name, or a layer alone: the message says the path as it was given. An error of the other file, with
// the architecture, keeps that file's name.
Error with_path(const Error& error, const std::filesystem::path& path, const std::filesystem::path& architecture) {
    Error::Parts parts = error.parts();
    const std::string whole = path.string(), name = path.filename().string(), other = architecture.filename().string();
    if (parts.where.find(whole) != std::string::npos || (!other.empty() && parts.where.find(other) != std::string::npos)) return error;
    parts.where = parts.where.starts_with(name) ? whole + parts.where.substr(name.size()) : whole + " " + parts.where;
    return Error(error.kind(), std::move(parts));
}

model::Model load_as(const Format& format, Candidate& candidate, const LoadOptions& options) {
    try {
        return format.load(candidate, options);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::format && error.kind() != ErrorKind::unsupported) throw;
        throw with_path(error, candidate.path(), options.architecture);
    }
}

model::Model load(const Format* format, Candidate& candidate, const LoadOptions& options) {
    const std::filesystem::path& path = candidate.path();
    if (format) {
        model::Model model = load_as(*format, candidate, options);
        if (!options.lambdas.empty() && !model.architecture)
            throw Error(ErrorKind::usage, {"lambda " + options.lambdas.begin()->first, "a model with an architecture", path.string() + ", which has none"});
        return model;
    }
    if (candidate.has_hdf5_signature())
        throw Error(ErrorKind::format, {path.string(), "a Keras model, or weights of Keras or PyTorch", describe_hdf5(candidate.hdf5())});
    const std::string found = describe_content(path);
    throw Error(ErrorKind::format, {path.string(), "a checkpoint: Keras HDF5 or .keras, PyTorch in HDF5", found,
                                    found.starts_with("a PyTorch") ? "assay-export writes a file that Assay reads from the model: docs/how-to/pytorch.md." : ""});
}

}  // namespace

const Format* sniff(const std::filesystem::path& path) {
    Candidate candidate(path);
    return sniff(candidate);
}

bool looks_like_checkpoint(const std::filesystem::path& path) {
    Candidate candidate(path);
    return sniff(candidate) || deserves_a_row(candidate);
}

model::Model load_model(const std::filesystem::path& path, const LoadOptions& options) {
    Candidate candidate(path);
    return load(sniff(candidate), candidate, options);
}

std::optional<model::Model> load_checkpoint(const std::filesystem::path& path, const LoadOptions& options) {
    Candidate candidate(path);
    const Format* format = sniff(candidate);
    if (!format && !deserves_a_row(candidate)) return std::nullopt;
    return load(format, candidate, options);
}

data::Dataset open_dataset(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) throw Error(ErrorKind::missing, {path.string(), "a data set", "nothing there"});
    return std::filesystem::is_directory(path, ignored) ? open_tfrecord_dataset(path) : open_hdf5_dataset(path);
}

}  // namespace assay::formats
