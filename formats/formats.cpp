#include "formats/content.hpp"
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

model::Model load_model(const std::filesystem::path& path, const LoadOptions& options) {
    if (const Format* format = sniff(path)) return format->load(path, options);
    if (has_hdf5_signature(path)) {
        (void)hdf5::File(path);   // says so where it is cut short
        throw Error(ErrorKind::format, {path.string(), "a Keras model or weights", "an HDF5 file without them"});
    }
    throw Error(ErrorKind::format, {path.string(), "a checkpoint: Keras HDF5", describe_content(path)});
}

}  // namespace assay::formats
