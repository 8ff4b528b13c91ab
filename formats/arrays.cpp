// Writes named arrays to a new HDF5 file.

#include "formats/format.hpp"
#include "formats/hdf5.hpp"
#include "libanalysis/core/error.hpp"

namespace assay::formats {
namespace {

Error cannot_write(const std::filesystem::path& path, const std::string& what) {
    return Error(ErrorKind::resource, {path.string(), "to write " + what, "it failed", "Check the folder's permissions and the space on the disk."});
}

void write_array(const hdf5::FileHandle& file, const NamedArray& array, const std::filesystem::path& path) {
    if (static_cast<std::int64_t>(array.values.size()) != element_count(array.shape))
        throw Error(ErrorKind::internal, {"array " + array.name, to_string(array.shape), std::to_string(array.values.size()) + " values"});
    const std::vector<hsize_t> extents(array.shape.begin(), array.shape.end());
    const hdf5::Space space(extents.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr));
    const hdf5::Properties links(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links.id(), 1);   // layer names may hold "/"
    const hdf5::ObjectHandle dataset(H5Dcreate2(file.id(), array.name.c_str(), H5T_IEEE_F32LE, space.id(), links.id(), H5P_DEFAULT, H5P_DEFAULT));
    if (!dataset || (!array.values.empty() && H5Dwrite(dataset.id(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()) < 0))
        throw cannot_write(path, "data set " + array.name);
}

}  // namespace

void write_arrays(const std::filesystem::path& path, std::span<const NamedArray> arrays) {
    const std::lock_guard lock(hdf5::library_lock());
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    const std::filesystem::path partial = path.string() + ".partial";   // a file of the right name is a whole one
    bool created = false;
    try {
        {
            const hdf5::Properties access(H5Pcreate(H5P_FILE_ACCESS));
            H5Pset_file_locking(access.id(), false, true);
            const hdf5::FileHandle file(H5Fcreate(partial.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()));
            if (!file) throw Error(ErrorKind::resource, {path.string(), "a file that can be written", "it cannot be created", "Check the folder and its permissions."});
            created = true;
            for (const NamedArray& array : arrays) write_array(file, array, path);
            if (H5Fflush(file.id(), H5F_SCOPE_LOCAL) < 0) throw cannot_write(path, "the file");
        }
        std::error_code failed;
        std::filesystem::rename(partial, path, failed);
        if (failed) throw Error(ErrorKind::resource, {path.string(), "a file that can be written", failed.message(), "Check the folder and its permissions."});
    } catch (const Error&) {
        std::error_code ignored;
        if (created) std::filesystem::remove(partial, ignored);
        throw;
    }
}

}  // namespace assay::formats
