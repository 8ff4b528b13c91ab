#include "formats/mask_file.hpp"

#include "formats/hdf5_writing.hpp"

#include <algorithm>
#include <utility>

namespace assay::formats {
namespace {

constexpr const char* schema_attribute = "assay_mask_schema";
constexpr int deepest = 32;

// Every data set below a group, by its path: a parameter's name holds slashes.
void collect(const hdf5::Group& group, const std::string& prefix, int depth, MaskFile& into) {
    if (depth > deepest) throw Error(ErrorKind::format, {group.where(), "data sets in at most 32 levels of groups", "more"});
    for (const std::string& name : group.names()) {
        const std::string path = prefix.empty() ? name : prefix + "/" + name;
        if (group.kind(name) == hdf5::Kind::group) {
            collect(group.group(name), path, depth + 1, into);
            continue;
        }
        const hdf5::Dataset dataset = group.dataset(name);
        if (dataset.type_name() != "uint8") throw Error(ErrorKind::format, {dataset.where(), "a mask of uint8", dataset.type_name()});
        MaskFile::Mask mask{path, dataset.shape(), dataset.read<std::uint8_t>()};
        if (std::any_of(mask.kept.begin(), mask.kept.end(), [](std::uint8_t value) { return value > 1; }))
            throw Error(ErrorKind::format, {dataset.where(), "0 (pruned) and 1 (kept)", "other values"});
        into.masks.push_back(std::move(mask));
    }
}

}  // namespace

void write_masks(const std::filesystem::path& path, const MaskFile& content) {
    hdf5::write_whole(path, [&](const hdf5::FileHandle& file) {
        hdf5::write_attribute(file, path, schema_attribute, H5T_NATIVE_INT64, &MaskFile::schema);
        for (const auto& [name, text] : {std::pair{"method", &content.method}, {"convention", &content.convention}, {"model_hash", &content.model_hash},
                                         {"weights_hash", &content.weights_hash}, {"objective", &content.objective}, {"written_by", &content.written_by}})
            hdf5::write_attribute(file, path, name, *text);
        hdf5::write_attribute(file, path, "sparsity", H5T_NATIVE_DOUBLE, &content.sparsity);
        hdf5::write_attribute(file, path, "seed", H5T_NATIVE_UINT64, &content.seed);
        for (const MaskFile::Mask& mask : content.masks) {
            if (static_cast<std::int64_t>(mask.kept.size()) != element_count(mask.shape))
                throw Error(ErrorKind::internal, {"mask of " + mask.parameter, to_string(mask.shape), std::to_string(mask.kept.size()) + " values"});
            hdf5::write_dataset(file, path, mask.parameter, mask.shape, H5T_STD_U8LE, H5T_NATIVE_UINT8, mask.kept.data());
        }
    });
}

MaskFile read_masks(const std::filesystem::path& path) {
    const hdf5::File file(path);
    if (!file.has_attribute(schema_attribute)) throw Error(ErrorKind::format, {path.string(), "a file of masks", "an HDF5 file without " + std::string(schema_attribute), "`assay mask` writes one."});
    if (const auto schema = file.number<std::int64_t>(schema_attribute); schema != MaskFile::schema)
        throw Error(ErrorKind::format, {path.string(), "masks of schema " + std::to_string(MaskFile::schema), std::to_string(schema)});
    MaskFile content;
    content.method = file.text_or("method", "");
    content.convention = file.text_or("convention", "");
    content.model_hash = file.text_or("model_hash", "");
    content.weights_hash = file.text_or("weights_hash", "");
    content.objective = file.text_or("objective", "");
    content.written_by = file.text_or("written_by", "");
    content.sparsity = file.number<double>("sparsity");
    content.seed = file.number<std::uint64_t>("seed");
    collect(file, "", 0, content);
    return content;
}

}  // namespace assay::formats
