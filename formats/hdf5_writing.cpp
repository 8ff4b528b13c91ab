#include "formats/hdf5_writing.hpp"

namespace assay::formats::hdf5 {
namespace {

/// Calls `open` for a handle on a partial file, `work` on it, and puts the file in place.
void put_in_place(const std::filesystem::path& path, const std::function<FileHandle(const std::filesystem::path&)>& open, const std::function<void(const FileHandle&)>& work) {
    const std::lock_guard lock(library_lock());
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    const std::filesystem::path partial = path.string() + ".partial";   // a file of the right name is a whole one
    bool created = false;
    try {
        {
            const FileHandle file = open(partial);
            if (!file) throw Error(ErrorKind::resource, {path.string(), "a file that can be written", "it cannot be created", "Check the folder and its permissions."});
            created = true;
            work(file);
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

Properties without_locks() {
    Properties access(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_file_locking(access.id(), false, true);
    return access;
}

}  // namespace

Error cannot_write(const std::filesystem::path& path, const std::string& what) {
    return Error(ErrorKind::resource, {path.string(), "to write " + what, "it failed", "Check the folder's permissions and the space on the disk."});
}

void write_whole(const std::filesystem::path& path, const std::function<void(const FileHandle&)>& fill) {
    put_in_place(path, [](const auto& partial) { return FileHandle(H5Fcreate(partial.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, without_locks().id())); }, fill);
}

void copy_whole(const std::filesystem::path& from, const std::filesystem::path& path, const std::function<void(const FileHandle&)>& change) {
    std::error_code ignored;
    if (std::filesystem::equivalent(from, path, ignored))
        throw Error(ErrorKind::usage, {path.string(), "another file than the one that is copied", "the same", "Input files are never written to."});
    put_in_place(path, [&](const auto& partial) {
        std::error_code failed;
        std::filesystem::copy_file(from, partial, std::filesystem::copy_options::overwrite_existing, failed);
        if (failed) {
            std::filesystem::remove(partial, ignored);
            throw Error(ErrorKind::resource, {path.string(), "a file that can be written", failed.message(), "Check the folder's permissions and the space on the disk."});
        }
        std::filesystem::permissions(partial, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, std::filesystem::perm_options::add, ignored);
        FileHandle file(H5Fopen(partial.c_str(), H5F_ACC_RDWR, without_locks().id()));
        if (!file) std::filesystem::remove(partial, ignored);
        return file;
    }, change);
}

void write_dataset(const FileHandle& file, const std::filesystem::path& path, const std::string& name, const Shape& shape, hid_t stored, hid_t given, const void* values) {
    const std::vector<hsize_t> extents(shape.begin(), shape.end());
    const Space space(extents.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr));
    const Properties links(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links.id(), 1);   // layer names may hold "/"
    const Properties creation(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(creation.id(), false);      // equal content, equal bytes
    const ObjectHandle dataset(H5Dcreate2(file.id(), name.c_str(), stored, space.id(), links.id(), creation.id(), H5P_DEFAULT));
    if (!dataset || (element_count(shape) > 0 && H5Dwrite(dataset.id(), given, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0))
        throw cannot_write(path, "data set " + name);
}

void write_attribute(const FileHandle& file, const std::filesystem::path& path, const std::string& name, const std::string& text) {
    const Type type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.id(), text.empty() ? 1 : text.size());
    H5Tset_strpad(type.id(), H5T_STR_NULLPAD);
    H5Tset_cset(type.id(), H5T_CSET_UTF8);
    write_attribute(file, path, name, type.id(), text.c_str());
}

void write_attribute(const FileHandle& file, const std::filesystem::path& path, const std::string& name, hid_t given, const void* value) {
    const Space space(H5Screate(H5S_SCALAR));
    const Attribute attribute(H5Acreate2(file.id(), name.c_str(), given, space.id(), H5P_DEFAULT, H5P_DEFAULT));
    if (!attribute || H5Awrite(attribute.id(), given, value) < 0) throw cannot_write(path, "attribute " + name);
}

}  // namespace assay::formats::hdf5
