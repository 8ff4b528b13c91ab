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
    if (!std::filesystem::is_regular_file(path, ignored) || !has_checkpoint_suffix(path)) return false;
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
    if (const Format* format = sniff(path)) return format->load(path, options);
    if (has_hdf5_signature(path)) {
        const hdf5::File file(path);   // says so where it is cut short
        throw Error(ErrorKind::format, {path.string(), "a Keras model or weights", is_data_file(file) ? "a data set" : "an HDF5 file without them"});
    }
    throw Error(ErrorKind::format, {path.string(), "a checkpoint: Keras HDF5", describe_content(path)});
}

}  // namespace assay::formats
