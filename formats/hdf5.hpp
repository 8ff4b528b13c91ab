#pragma once
// Small owners of HDF5 handles for careful reading of files from strangers: read-only, hard links and soft links inside the
// file only, no external or virtual storage, no plugins, extents checked before memory is taken. libhdf5 is not thread-safe:
// every call holds one lock. It is not safe on hostile files either, so call it in a worker process.
// A file may lie in memory too: what a zip archive holds is never written to a disk.

#include "libanalysis/core/shape.hpp"

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::formats::hdf5 {

/// The one lock around libhdf5, recursive so that owners may be used together.
std::recursive_mutex& library_lock();

/// Owns one identifier of the C library.
template <herr_t (*Close)(hid_t)>
class Owner {
public:
    Owner() = default;
    explicit Owner(hid_t id) : id_(id) {}
    Owner(Owner&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
    Owner& operator=(Owner&& other) noexcept {
        std::swap(id_, other.id_);
        return *this;
    }
    ~Owner() {
        if (id_ < 0) return;
        const std::lock_guard lock(library_lock());
        Close(id_);
    }
    hid_t id() const { return id_; }
    explicit operator bool() const { return id_ >= 0; }

private:
    hid_t id_ = -1;
};

using Space = Owner<H5Sclose>;
using Type = Owner<H5Tclose>;
using Properties = Owner<H5Pclose>;
using Attribute = Owner<H5Aclose>;
using ObjectHandle = Owner<H5Oclose>;
using FileHandle = Owner<H5Fclose>;

/// A group or a data set: what has attributes.
class Object {
public:
    Object(ObjectHandle handle, std::string where) : handle_(std::move(handle)), where_(std::move(where)) {}
    const std::string& where() const { return where_; }   ///< "file.h5:/model_weights/dense"
    bool has_attribute(const std::string& name) const;
    bool has_attributes() const;   ///< any at all
    /// A text attribute: scalar or one element, variable or fixed length, or an array of bytes. @throws Error{format}
    std::string text(const std::string& name) const;
    std::string text_or(const std::string& name, std::string fallback) const;   ///< the fallback where there is none
    std::int64_t integer(const std::string& name) const;   ///< a scalar, or one element. @throws Error{format}
    /// A list of names; an empty list may have any type. @throws Error{format}
    std::vector<std::string> texts(const std::string& name) const;
    /// The same, also when Keras split the list into name0, name1, ... because it exceeded the header of an object.
    std::vector<std::string> chunked_texts(const std::string& name) const;
    bool has_chunked(const std::string& name) const { return has_attribute(name) || has_attribute(name + "0"); }
    /// A number attribute, scalar or one element. T: double, std::int64_t, std::uint64_t. @throws Error{format}
    template <class T>
    T number(const std::string& name) const;
    std::uint64_t address() const;   ///< the same for the same object: tells a cycle

protected:
    ObjectHandle handle_;
    std::string where_;
};

class Dataset : public Object {
public:
    /// @throws Error{unsupported} for external or virtual storage and unknown filters, Error{resource} where the declared
    /// size exceeds 4 GiB and a thousand times what is stored.
    Dataset(ObjectHandle handle, std::string where);
    const Shape& shape() const { return shape_; }
    /// "float32", "float16", "int64", "uint8", "bool"; another class of type gives its name, such as "string".
    const std::string& type_name() const { return type_name_; }
    bool is_numeric() const { return numeric_; }
    std::size_t element_bytes() const { return element_bytes_; }
    /// All elements, converted. T: float, double, std::int64_t, or any other arithmetic type. @throws Error{format, unsupported, resource}
    template <class T>
    std::vector<T> read() const;
    /// `count` rows (first axis) from `first` on into `out`. @throws Error
    template <class T>
    void read_rows(std::int64_t first, std::int64_t count, T* out) const;
    std::int64_t row_size() const;   ///< elements of a row
    /// The bits of elements of two bytes that have no numeric type: Keras 3 keeps bfloat16 so. @throws Error{format, unsupported}
    std::vector<std::uint16_t> read_bits() const;

private:
    Shape shape_;
    std::string type_name_;
    bool numeric_ = false;
    std::size_t element_bytes_ = 0;
};

enum class Kind { none, group, dataset, other };

class Group : public Object {
public:
    using Object::Object;
    /// What a path leads to; never opens external links ("other"). Components "", "." and ".." lead to nothing.
    Kind kind(const std::string& path) const;
    bool has_group(const std::string& path) const { return kind(path) == Kind::group; }
    bool has_dataset(const std::string& path) const { return kind(path) == Kind::dataset; }
    Group group(const std::string& path) const;       ///< @throws Error{format, unsupported}
    std::optional<Group> find_group(const std::string& path) const;   ///< nothing where has_group says no
    Dataset dataset(const std::string& path) const;   ///< @throws Error{format, unsupported, resource}
    std::vector<std::string> names() const;           ///< of its links, in the order of the file's index: never an order to rely on
    /// The paths of everything below that is no group, depth first, each group's names sorted by letter.
    /// @throws Error{format} for a circle of groups, a group reached twice, or more than 32 levels; Error{resource} above a million paths
    std::vector<std::string> leaves() const;

private:
    ObjectHandle open(const std::string& path, int links_left) const;
};

/// A file open for reading; as a Group it is the root.
class File : public Group {
public:
    /// @throws Error{missing}, Error{format} where it is no HDF5 file, is empty or cut short
    explicit File(const std::filesystem::path& path);
    /// The same for the bytes of a file; `path` names them in errors. @throws Error{format}
    File(const std::filesystem::path& path, std::string bytes);
    const std::filesystem::path& path() const { return path_; }
    std::uint64_t bytes() const { return bytes_; }
    Dataset dataset(const std::string& path) const;   ///< as in a group; here a leading slash is allowed

private:
    File(const std::filesystem::path& path, FileHandle file, std::uint64_t bytes);
    FileHandle file_;
    std::filesystem::path path_;
    std::uint64_t bytes_ = 0;
};

}  // namespace assay::formats::hdf5
