#include "formats/content.hpp"
#include "formats/data_readers.hpp"
#include "formats/format.hpp"
#include "formats/hdf5.hpp"
#include "libanalysis/core/error.hpp"

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

// Says so where the file is cut short.
std::string describe_hdf5(const std::filesystem::path& path) {
    const hdf5::File file(path);
    if (is_data_file(file)) return "a data set";
    std::string names;
    for (const std::string& name : file.names())
        if (names.size() < 60) names += (names.empty() ? "" : ", ") + name;
    return names.empty() ? "an HDF5 file without any object" : "an HDF5 file without them, which holds " + names;
}

}  // namespace

std::string describe(const std::filesystem::path& path) {
    try {
        return has_hdf5_signature(path) ? describe_hdf5(path) : describe_content(path);
    } catch (const Error& error) {
        return error.parts().found;
    }
}

const Format* sniff(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) throw Error(ErrorKind::missing, {path.string(), "a file", "nothing there"});
    if (!std::filesystem::is_regular_file(path, ignored)) return nullptr;
    for (const Format* format : catalogue())
        if (format->probe(path)) return format;
    return nullptr;
}

bool looks_like_checkpoint(const std::filesystem::path& path) {
    if (sniff(path)) return true;
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) return false;
    if (is_foreign_checkpoint(path)) return true;
    if (!has_checkpoint_suffix(path)) return false;
    try {
        return !has_hdf5_signature(path) || !is_data_file(hdf5::File(path));
    } catch (const Error&) {
        return true;   // cut short or damaged: a checkpoint by its name, and loading it will say what is wrong
    }
}

data::Dataset open_dataset(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) throw Error(ErrorKind::missing, {path.string(), "a data set", "nothing there"});
    return std::filesystem::is_directory(path, ignored) ? open_tfrecord_dataset(path) : open_hdf5_dataset(path);
}

model::Model load_model(const std::filesystem::path& path, const LoadOptions& options) {
    if (const Format* format = sniff(path)) {
        model::Model model = format->load(path, options);
        if (!options.lambdas.empty() && !model.architecture)
            throw Error(ErrorKind::usage, {"lambda " + options.lambdas.begin()->first, "a model with an architecture", path.string() + ", which has none"});
        return model;
    }
    if (has_hdf5_signature(path)) throw Error(ErrorKind::format, {path.string(), "a Keras model, or weights of Keras or PyTorch", describe_hdf5(path)});
    const std::string found = describe_content(path);
    throw Error(ErrorKind::format, {path.string(), "a checkpoint: Keras HDF5 or .keras, PyTorch in HDF5", found,
                                    found.starts_with("a PyTorch") ? "assay-export writes a file that Assay reads from the model: docs/how-to/pytorch.md." : ""});
}

}  // namespace assay::formats
