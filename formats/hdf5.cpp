#include "formats/hdf5.hpp"

#include "formats/content.hpp"
#include "formats/hdf5_lzf.hpp"
#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <set>
#include <type_traits>

namespace assay::formats::hdf5 {
namespace {

constexpr std::uint64_t large = std::uint64_t{4} << 30;      // bytes: below this a declared size is never suspicious
constexpr std::uint64_t largest_ratio = 1000;                // declared over stored
constexpr std::uint64_t most_names = 4'000'000;
constexpr std::uint64_t most_text = std::uint64_t{512} << 20;
constexpr int most_soft_links = 16;
constexpr int most_levels = 32;
constexpr std::size_t most_leaves = 1'000'000;

using Lock = std::lock_guard<std::recursive_mutex>;

// Silent errors (they become ours) and no plugins: an unknown filter must not load a library.
void prepare_library() {
    static const bool done = [] {
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        H5PLset_loading_state(0);
        register_lzf();
        return true;
    }();
    (void)done;
}

Error damaged(const std::string& where, const std::string& what) {
    return Error(ErrorKind::format, {where, "a readable HDF5 object", what, "The file may be cut short or damaged."});
}

std::vector<hsize_t> extents_of(const Space& space, const std::string& where) {
    const int rank = space ? H5Sget_simple_extent_ndims(space.id()) : -1;
    if (rank < 0 || rank > H5S_MAX_RANK) throw damaged(where, "a data space that cannot be read");
    std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
    if (rank > 0 && H5Sget_simple_extent_dims(space.id(), extents.data(), nullptr) < 0) throw damaged(where, "extents that cannot be read");
    return extents;
}

std::uint64_t checked_count(const Space& space, const std::string& where) {
    if (space && H5Sget_simple_extent_type(space.id()) == H5S_NULL) return 0;
    std::uint64_t count = 1;
    for (const hsize_t extent : extents_of(space, where))
        if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(extent), &count) || count > (std::uint64_t{1} << 62))
            throw Error(ErrorKind::resource, {where, "extents of a real array", "a product above 2^62"});
    return count;
}

std::string type_name_of(hid_t type, bool& numeric) {
    numeric = true;
    const std::string bits = std::to_string(8 * H5Tget_size(type));
    switch (H5Tget_class(type)) {
        case H5T_FLOAT: return "float" + bits;
        case H5T_INTEGER: return (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") + bits;
        case H5T_ENUM: return "bool";
        default: break;
    }
    numeric = false;
    switch (H5Tget_class(type)) {
        case H5T_STRING: return "string";
        case H5T_COMPOUND: return "compound";
        case H5T_OPAQUE: return "opaque";
        case H5T_REFERENCE: return "reference";
        case H5T_VLEN: return "variable-length array";
        case H5T_ARRAY: return "array";
        default: return "an unknown type";
    }
}

std::string name_of_filter(H5Z_filter_t filter) {
    const std::string number = "filter " + std::to_string(filter);
    switch (filter) {
        case H5Z_FILTER_SZIP: return "szip (" + number + ")";
        case H5Z_FILTER_NBIT: return "nbit (" + number + ")";
        case H5Z_FILTER_SCALEOFFSET: return "scaleoffset (" + number + ")";
        case 307: return "bzip2 (" + number + ")";
        case 32001: return "blosc (" + number + ")";
        case 32004: return "lz4 (" + number + ")";
        case 32008: return "bitshuffle (" + number + ")";
        case 32015: return "zstd (" + number + ")";
        default: return number;
    }
}

template <class T>
hid_t native() {
    if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
    else if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
    else if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
    else if constexpr (std::is_same_v<T, std::int32_t>) return H5T_NATIVE_INT32;
    else if constexpr (std::is_same_v<T, std::int16_t>) return H5T_NATIVE_INT16;
    else if constexpr (std::is_same_v<T, std::int8_t>) return H5T_NATIVE_INT8;
    else if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_NATIVE_UINT8;
    else if constexpr (std::is_same_v<T, std::uint16_t>) return H5T_NATIVE_UINT16;
    else return H5T_NATIVE_UINT64;
}

// One component at a time, so that no link of another class is followed by the library behind our back.
std::vector<std::string> components_of(const std::string& path, const std::string& where) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    while (start <= path.size()) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        parts.push_back(path.substr(start, end - start));
        if (parts.back().empty() || parts.back() == "." || parts.back() == ".." || parts.back().find('\0') != std::string::npos)
            throw Error(ErrorKind::format, {where, "a path of plain names below this group", "\"" + path.substr(0, 200) + "\""});
        start = end + 1;
    }
    return parts;
}

herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* into) {
    auto& names = *static_cast<std::vector<std::string>*>(into);
    names.emplace_back(name);
    return names.size() < most_names ? 0 : -1;
}

// The end that the superblock at the start of these bytes declares, or 0 where the version is another.
std::uint64_t declared_end(std::string_view bytes) {
    if (bytes.size() < 64) return 0;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    std::uint64_t end = 0;
    if (byte(8) <= 1 && byte(13) == 8) std::memcpy(&end, bytes.data() + (byte(8) == 0 ? 40 : 44), 8);
    if (byte(8) >= 2 && byte(8) <= 3 && byte(9) == 8) std::memcpy(&end, bytes.data() + 28, 8);
    return end;
}

Error cannot_open(const std::filesystem::path& path, std::string_view head, std::uint64_t size) {
    const std::uint64_t end = declared_end(head);
    std::string found = "an HDF5 signature and then damage";
    if (end > size) found = "a file cut short: " + std::to_string(size) + " of " + std::to_string(end) + " bytes";
    return Error(ErrorKind::format, {path.string(), "an HDF5 file", found, "Fetch the file again."});
}

FileHandle open_file(const std::filesystem::path& path) {
    const Lock lock(library_lock());
    prepare_library();
    if (!has_hdf5_signature(path)) throw Error(ErrorKind::format, {path.string(), "an HDF5 file", describe_content(path)});
    const Properties access(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_file_locking(access.id(), false, true);   // reading needs no lock, and network file systems may refuse one
    FileHandle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()));
    if (!file) {
        std::string head(64, '\0');
        std::ifstream(path, std::ios::binary).read(head.data(), static_cast<std::streamsize>(head.size()));
        throw cannot_open(path, head, std::filesystem::file_size(path));
    }
    return file;
}

FileHandle open_image(const std::filesystem::path& path, std::string& bytes) {
    const Lock lock(library_lock());
    prepare_library();
    const Properties access(H5Pcreate(H5P_FILE_ACCESS));
    if (bytes.empty() || H5Pset_fapl_core(access.id(), 1 << 20, false) < 0 || H5Pset_file_image(access.id(), bytes.data(), bytes.size()) < 0)
        throw Error(ErrorKind::format, {path.string(), "an HDF5 file", bytes.empty() ? "no bytes" : "bytes that libhdf5 does not take"});
    // Two images open at once are told apart by nothing but these names.
    static std::atomic<std::uint64_t> images{0};
    const std::string name = "assay image " + std::to_string(++images) + " in memory";
    FileHandle file(H5Fopen(name.c_str(), H5F_ACC_RDONLY, access.id()));
    if (!file) throw cannot_open(path, std::string_view(bytes).substr(0, 64), bytes.size());
    return file;
}

std::uint64_t bytes_of_file(hid_t object) {
    const FileHandle file(H5Iget_file_id(object));
    hsize_t bytes = 0;
    return file && H5Fget_filesize(file.id(), &bytes) >= 0 ? bytes : 0;
}

ObjectHandle open_root(const FileHandle& file) {
    const Lock lock(library_lock());
    return ObjectHandle(H5Oopen(file.id(), "/", H5P_DEFAULT));
}

}  // namespace

std::recursive_mutex& library_lock() {
    static std::recursive_mutex mutex;
    return mutex;
}

bool Object::has_attribute(const std::string& name) const {
    const Lock lock(library_lock());
    return H5Aexists(handle_.id(), name.c_str()) > 0;
}

bool Object::has_attributes() const {
    const Lock lock(library_lock());
    H5O_info_t info{};
    if (H5Oget_info2(handle_.id(), &info, H5O_INFO_NUM_ATTRS) < 0) throw damaged(where_, "attributes that cannot be counted");
    return info.num_attrs > 0;
}

std::vector<std::string> Object::texts(const std::string& name) const {
    const Lock lock(library_lock());
    const std::string where = where_ + " attribute " + name;
    const Attribute attribute(H5Aopen(handle_.id(), name.c_str(), H5P_DEFAULT));
    if (!attribute) throw Error(ErrorKind::format, {where, "the attribute", "none"});
    const Space space(H5Aget_space(attribute.id()));
    const Type type(H5Aget_type(attribute.id()));
    if (!type) throw damaged(where, "a type that cannot be read");
    const std::uint64_t count = checked_count(space, where);
    if (count == 0) return {};   // numpy writes an empty list as float64 of shape (0,)
    if (count > most_names) throw Error(ErrorKind::resource, {where, "at most 4,000,000 names", std::to_string(count)});
    if (H5Tget_class(type.id()) == H5T_INTEGER && H5Tget_size(type.id()) == 1) {   // text kept as bytes
        std::string bytes(count, '\0');
        if (H5Aread(attribute.id(), type.id(), bytes.data()) < 0) throw damaged(where, "values that cannot be read");
        return {bytes.substr(0, bytes.find('\0'))};
    }
    if (H5Tget_class(type.id()) != H5T_STRING) {
        bool numeric = false;
        throw Error(ErrorKind::format, {where, "text", type_name_of(type.id(), numeric)});
    }
    std::vector<std::string> values;
    values.reserve(count);
    if (H5Tis_variable_str(type.id()) > 0) {
        std::vector<char*> pointers(count, nullptr);
        if (H5Aread(attribute.id(), type.id(), pointers.data()) < 0) throw damaged(where, "values that cannot be read");
        for (const char* pointer : pointers) values.emplace_back(pointer ? pointer : "");
        H5Dvlen_reclaim(type.id(), space.id(), H5P_DEFAULT, pointers.data());
        return values;
    }
    const std::size_t width = H5Tget_size(type.id());
    std::uint64_t bytes = 0;
    if (width == 0 || __builtin_mul_overflow(count, width, &bytes) || bytes > most_text)
        throw Error(ErrorKind::resource, {where, "at most 512 MiB of text", std::to_string(count) + " strings of " + std::to_string(width) + " bytes"});
    std::string block(bytes, '\0');
    if (H5Aread(attribute.id(), type.id(), block.data()) < 0) throw damaged(where, "values that cannot be read");
    const bool spaces = H5Tget_strpad(type.id()) == H5T_STR_SPACEPAD;
    for (std::size_t i = 0; i < count; ++i) {
        std::string value = block.substr(i * width, width);
        value.resize(std::min(value.find('\0'), value.size()));
        if (spaces) value.resize(value.find_last_not_of(' ') + 1);
        values.push_back(std::move(value));
    }
    return values;
}

std::string Object::text(const std::string& name) const {
    std::vector<std::string> values = texts(name);
    if (values.size() != 1) throw Error(ErrorKind::format, {where_ + " attribute " + name, "one text", std::to_string(values.size()) + " values"});
    return std::move(values.front());
}

std::int64_t Object::integer(const std::string& name) const {
    const Lock lock(library_lock());
    const std::string where = where_ + " attribute " + name;
    const Attribute attribute(H5Aopen(handle_.id(), name.c_str(), H5P_DEFAULT));
    if (!attribute) throw Error(ErrorKind::format, {where, "the attribute", "none"});
    const Space space(H5Aget_space(attribute.id()));
    const Type type(H5Aget_type(attribute.id()));
    std::int64_t value = 0;
    if (!type || H5Tget_class(type.id()) != H5T_INTEGER || checked_count(space, where) != 1) throw Error(ErrorKind::format, {where, "one integer", "something else"});
    if (H5Aread(attribute.id(), H5T_NATIVE_INT64, &value) < 0) throw damaged(where, "values that cannot be read");
    return value;
}

std::string Object::text_or(const std::string& name, std::string fallback) const {
    return has_attribute(name) ? text(name) : std::move(fallback);
}

std::vector<std::string> Object::chunked_texts(const std::string& name) const {
    if (has_attribute(name)) return texts(name);
    std::vector<std::string> all;
    for (int part = 0; has_attribute(name + std::to_string(part)); ++part) {
        std::vector<std::string> values = texts(name + std::to_string(part));
        all.insert(all.end(), std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
        if (all.size() > most_names) throw Error(ErrorKind::resource, {where_ + " attribute " + name, "at most 4,000,000 names", "more"});
    }
    return all;
}

template <class T>
T Object::number(const std::string& name) const {
    const Lock lock(library_lock());
    const std::string where = where_ + " attribute " + name;
    const Attribute attribute(H5Aopen(handle_.id(), name.c_str(), H5P_DEFAULT));
    if (!attribute) throw Error(ErrorKind::format, {where, "the attribute", "none"});
    const Type type(H5Aget_type(attribute.id()));
    bool numeric = false;
    const std::string type_name = type ? type_name_of(type.id(), numeric) : "a type that cannot be read";
    if (!numeric) throw Error(ErrorKind::format, {where, "a number", type_name});
    if (const std::uint64_t count = checked_count(Space(H5Aget_space(attribute.id())), where); count != 1)
        throw Error(ErrorKind::format, {where, "one number", std::to_string(count) + " values"});
    T value{};
    if (H5Aread(attribute.id(), native<T>(), &value) < 0) throw damaged(where, "a value that cannot be read");
    return value;
}

template double Object::number(const std::string&) const;
template std::int64_t Object::number(const std::string&) const;
template std::uint64_t Object::number(const std::string&) const;

std::uint64_t Object::address() const {
    const Lock lock(library_lock());
    H5O_info_t info{};
    if (H5Oget_info2(handle_.id(), &info, H5O_INFO_BASIC) < 0) throw damaged(where_, "an object without an address");
    return info.addr;
}

Dataset::Dataset(ObjectHandle handle, std::string where) : Object(std::move(handle), std::move(where)) {
    const Lock lock(library_lock());
    const Properties properties(H5Dget_create_plist(handle_.id()));
    if (!properties) throw damaged(where_, "a data set whose properties cannot be read");
    const H5D_layout_t layout = H5Pget_layout(properties.id());
    if (layout == H5D_VIRTUAL) throw Error(ErrorKind::unsupported, {where_, "data inside the file", "a virtual data set"});
    if (layout == H5D_LAYOUT_ERROR) throw damaged(where_, "a data set without a layout");
    if (layout == H5D_CONTIGUOUS && H5Pget_external_count(properties.id()) != 0)
        throw Error(ErrorKind::unsupported, {where_, "data inside the file", "external storage"});
    const int filters = H5Pget_nfilters(properties.id());
    for (int i = 0; i < filters; ++i) {
        unsigned flags = 0, settings = 0;
        std::size_t values = 0;
        const H5Z_filter_t filter = H5Pget_filter2(properties.id(), static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, &settings);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32 && filter != lzf_filter)
            throw Error(ErrorKind::unsupported, {where_, "the filters deflate, shuffle, fletcher32 or lzf", name_of_filter(filter)});
    }
    const Type type(H5Dget_type(handle_.id()));
    const Space space(H5Dget_space(handle_.id()));
    if (!type || !space) throw damaged(where_, "a data set that cannot be opened");
    type_name_ = type_name_of(type.id(), numeric_);
    element_bytes_ = H5Tget_size(type.id());
    const std::uint64_t count = checked_count(space, where_);
    if (H5Sget_simple_extent_type(space.id()) != H5S_NULL)
        for (const hsize_t extent : extents_of(space, where_)) shape_.push_back(static_cast<std::int64_t>(extent));
    else
        shape_ = {0};
    std::uint64_t bytes = 0;
    const bool overflow = __builtin_mul_overflow(count, static_cast<std::uint64_t>(element_bytes_), &bytes);
    const std::uint64_t stored = std::min<std::uint64_t>(H5Dget_storage_size(handle_.id()), bytes_of_file(handle_.id()));   // a file may claim more than it has
    if (overflow || (bytes > large && bytes / largest_ratio > stored))
        throw Error(ErrorKind::resource, {where_, "data about as large as declared", to_string(shape_) + " declared, " + std::to_string(stored) + " bytes stored"});
}

std::int64_t Dataset::row_size() const {
    if (shape_.empty()) throw Error(ErrorKind::format, {where_, "rows", "a single number"});
    return element_count(std::span(shape_).subspan(1));
}

template <class T>
std::vector<T> Dataset::read() const {
    const Lock lock(library_lock());
    if (!numeric_) throw Error(ErrorKind::unsupported, {where_, "numbers", type_name_});
    std::vector<T> values(static_cast<std::size_t>(element_count(shape_)));
    if (!values.empty() && H5Dread(handle_.id(), native<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
        throw damaged(where_, "values that cannot be read");
    return values;
}

std::vector<std::uint16_t> Dataset::read_bits() const {
    const Lock lock(library_lock());
    const Type type(H5Dget_type(handle_.id()));
    if (!type || H5Tget_class(type.id()) != H5T_OPAQUE || element_bytes_ != 2) throw Error(ErrorKind::unsupported, {where_, "opaque elements of two bytes", type_name_});
    std::vector<std::uint16_t> values(static_cast<std::size_t>(element_count(shape_)));
    if (!values.empty() && H5Dread(handle_.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) throw damaged(where_, "values that cannot be read");
    return values;
}

template <class T>
void Dataset::read_rows(std::int64_t first, std::int64_t count, T* out) const {
    const Lock lock(library_lock());
    if (!numeric_) throw Error(ErrorKind::unsupported, {where_, "numbers", type_name_});
    if (shape_.empty() || first < 0 || count < 0 || count > shape_[0] - first)
        throw Error(ErrorKind::data, {where_, "rows below " + std::to_string(shape_.empty() ? 0 : shape_[0]), std::to_string(first) + " + " + std::to_string(count)});
    if (count == 0 || row_size() == 0) return;
    std::vector<hsize_t> start(shape_.size(), 0), extent(shape_.begin(), shape_.end());
    start[0] = static_cast<hsize_t>(first);
    extent[0] = static_cast<hsize_t>(count);
    const Space file_space(H5Dget_space(handle_.id()));
    const Space memory_space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
    if (H5Sselect_hyperslab(file_space.id(), H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr) < 0 ||
        H5Dread(handle_.id(), native<T>(), memory_space.id(), file_space.id(), H5P_DEFAULT, out) < 0)
        throw damaged(where_, "values that cannot be read");
}

#define ASSAY_READABLE(T)                        \
    template std::vector<T> Dataset::read() const; \
    template void Dataset::read_rows(std::int64_t, std::int64_t, T*) const;
ASSAY_READABLE(float)
ASSAY_READABLE(double)
ASSAY_READABLE(std::int8_t)
ASSAY_READABLE(std::int16_t)
ASSAY_READABLE(std::int32_t)
ASSAY_READABLE(std::int64_t)
ASSAY_READABLE(std::uint8_t)
ASSAY_READABLE(std::uint16_t)
#undef ASSAY_READABLE

// Follows hard links, and soft links that stay in the file, component by component.
ObjectHandle Group::open(const std::string& path, int links_left) const {
    ObjectHandle here;
    std::string where = where_;
    const auto id = [&] { return here ? here.id() : handle_.id(); };
    for (const std::string& part : components_of(path, where_)) {
        where += (where.ends_with('/') ? "" : "/") + part;
        H5L_info_t link{};
        if (H5Lget_info(id(), part.c_str(), &link, H5P_DEFAULT) < 0)
            throw Error(ErrorKind::format, {where, "an object", "nothing of that name"});
        if (link.type == H5L_TYPE_HARD) {
            here = ObjectHandle(H5Oopen(id(), part.c_str(), H5P_DEFAULT));
        } else if (link.type == H5L_TYPE_SOFT) {
            if (links_left == 0) throw Error(ErrorKind::format, {where, "an object", "soft links in a circle"});
            if (link.u.val_size == 0 || link.u.val_size > 65536) throw damaged(where, "a soft link that cannot be read");
            std::string target(link.u.val_size, '\0');
            if (H5Lget_val(id(), part.c_str(), target.data(), target.size(), H5P_DEFAULT) < 0) throw damaged(where, "a soft link that cannot be read");
            target.resize(std::min(target.find('\0'), target.size()));
            const bool absolute = target.starts_with('/');
            Group from(ObjectHandle(H5Oopen(id(), absolute ? "/" : ".", H5P_DEFAULT)), absolute ? where_.substr(0, where_.find(":/") + 2) : where);
            here = from.open(absolute ? target.substr(1) : target, links_left - 1);
        } else {
            throw Error(ErrorKind::unsupported, {where, "an object inside the file", "an external link", "Copy the data into one file."});
        }
        if (!here) throw damaged(where, "an object that cannot be opened");
        const bool last = where.size() == where_.size() + path.size() + (where_.ends_with('/') ? 0 : 1);
        if (!last && H5Iget_type(here.id()) != H5I_GROUP) throw Error(ErrorKind::format, {where, "a group", "something else"});
    }
    return here;
}

Kind Group::kind(const std::string& path) const {
    const Lock lock(library_lock());
    try {
        const ObjectHandle object = open(path, most_soft_links);
        const H5I_type_t type = H5Iget_type(object.id());
        return type == H5I_GROUP ? Kind::group : type == H5I_DATASET ? Kind::dataset : Kind::other;
    } catch (const Error& error) {
        return error.kind() == ErrorKind::unsupported ? Kind::other : Kind::none;
    }
}

Group Group::group(const std::string& path) const {
    const Lock lock(library_lock());
    ObjectHandle object = open(path, most_soft_links);
    const std::string where = where_ + (where_.ends_with('/') ? "" : "/") + path;
    if (H5Iget_type(object.id()) != H5I_GROUP) throw Error(ErrorKind::format, {where, "a group", "something else"});
    return Group(std::move(object), where);
}

std::optional<Group> Group::find_group(const std::string& path) const {
    const Lock lock(library_lock());
    try {
        ObjectHandle object = open(path, most_soft_links);
        if (H5Iget_type(object.id()) != H5I_GROUP) return std::nullopt;
        return Group(std::move(object), where_ + (where_.ends_with('/') ? "" : "/") + path);
    } catch (const Error&) {
        return std::nullopt;
    }
}

Dataset Group::dataset(const std::string& path) const {
    const Lock lock(library_lock());
    ObjectHandle object = open(path, most_soft_links);
    const std::string where = where_ + (where_.ends_with('/') ? "" : "/") + path;
    if (H5Iget_type(object.id()) != H5I_DATASET) throw Error(ErrorKind::format, {where, "a data set", "something else"});
    return Dataset(std::move(object), where);
}

std::vector<std::string> Group::names() const {
    const Lock lock(library_lock());
    std::vector<std::string> all;
    hsize_t index = 0;
    if (H5Literate(handle_.id(), H5_INDEX_NAME, H5_ITER_INC, &index, collect_name, &all) < 0) throw damaged(where_, "a group that cannot be listed");
    return all;
}

namespace {

void add_leaves(const Group& group, const std::string& prefix, int level, std::set<std::uint64_t>& seen, std::vector<std::string>& into) {
    if (level > most_levels || !seen.insert(group.address()).second)
        throw Error(ErrorKind::format, {group.where(), "a tree of groups", "a circle, a group in two places, or more than 32 levels"});
    std::vector<std::string> names = group.names();
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        if (const auto below = group.find_group(name)) {
            add_leaves(*below, prefix + name + "/", level + 1, seen, into);
        } else {
            if (into.size() == most_leaves) throw Error(ErrorKind::resource, {group.where(), "at most a million arrays", "more"});
            into.push_back(prefix + name);
        }
    }
}

}  // namespace

std::vector<std::string> Group::leaves() const {
    const Lock lock(library_lock());
    std::vector<std::string> paths;
    std::set<std::uint64_t> seen;
    add_leaves(*this, "", 0, seen, paths);
    return paths;
}

namespace {
std::uint64_t size_of(const std::filesystem::path& path) {
    std::error_code failed;
    const std::uintmax_t size = std::filesystem::file_size(path, failed);
    return failed ? 0 : size;   // what opening the file says is clearer
}
}  // namespace

File::File(const std::filesystem::path& path) : File(path, open_file(path), size_of(path)) {}

File::File(const std::filesystem::path& path, std::string bytes) : File(path, open_image(path, bytes), bytes.size()) {}

File::File(const std::filesystem::path& path, FileHandle file, std::uint64_t bytes)
    : Group(open_root(file), path.filename().string() + ":/"), file_(std::move(file)), path_(path), bytes_(bytes) {
    if (!handle_) throw damaged(where_, "a root group that cannot be opened");
}

Dataset File::dataset(const std::string& path) const { return Group::dataset(path.starts_with('/') ? path.substr(1) : path); }

}  // namespace assay::formats::hdf5
