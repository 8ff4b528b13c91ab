// A double of libhdf5: the functions that formats/ calls to read, over trees of tests/fuzz/tree.hpp instead of HDF5 files. A file is the
// encoding of a tree. Programs that link it do not link libhdf5, so that a function which is missing here is an error of the linker.
// It is strict about its callers: an identifier that is not open, or of the wrong kind, ends the process.

#include "tests/fuzz/hdf5_double.hpp"

#include "tests/fuzz/tree.hpp"

#include <hdf5.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <optional>

namespace {

using namespace assay::fuzz;

constexpr std::uint64_t most_read = 1 << 24;   // elements of one file, in all: reading more is answered with an error

struct OpenFile {
    Tree tree;
    std::uint64_t bytes = 0;
    std::uint64_t left = most_read;
};
using FilePointer = std::shared_ptr<OpenFile>;

enum class What { file, object, attribute, space, type, file_access, creation };

struct Handle {
    What what;
    FilePointer file{};
    std::size_t node = 0;
    const Array* array = nullptr;
    std::vector<hsize_t> extents{};   // of a space
    bool null_space = false;
    hsize_t first = 0, count = 0;     // rows selected
    bool selected = false;
    std::optional<std::string> image{};
};

H5Z_func_t last_filter = nullptr;

std::map<hid_t, Handle>& handles() {
    static std::map<hid_t, Handle> all;
    return all;
}

[[noreturn]] void misuse(const char* what) {
    std::fprintf(stderr, "libhdf5 is misused: %s\n", what);
    std::abort();
}

hid_t open(Handle handle) {
    static hid_t next = 1000;
    handles().emplace(++next, std::move(handle));
    return next;
}

Handle& get(hid_t id, What what) {
    const auto found = handles().find(id);
    if (found == handles().end()) misuse("an identifier that is not open");
    if (found->second.what != what) misuse("an identifier of another kind");
    return found->second;
}

herr_t close(hid_t id, What what) {
    get(id, what);
    handles().erase(id);
    return 0;
}

const Node& node_of(hid_t id) {
    const Handle& object = get(id, What::object);
    return object.file->tree.nodes[object.node];
}

const Node& dataset_of(hid_t id) {
    const Node& node = node_of(id);
    if (node.kind != NodeKind::dataset) misuse("no data set");
    return node;
}

const Link* link_of(hid_t group, const char* name) {
    for (const Link& link : node_of(group).links)
        if (link.name == name) return &link;
    return nullptr;
}

hid_t open_tree(std::string_view bytes) {
    auto file = std::make_shared<OpenFile>();
    file->tree = decode(bytes);
    file->bytes = bytes.size();
    return open({.what = What::file, .file = std::move(file)});
}

hid_t type_of(const Handle& holder, const Array& array) { return array.type_unreadable ? -1 : open({.what = What::type, .file = holder.file, .array = &array}); }

hid_t space_of(const Array& array) {
    if (array.space_unreadable) return -1;
    return open({.what = What::space, .extents = {array.extents.begin(), array.extents.end()}, .null_space = array.null_space});
}

double half(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double size = exponent == 0 ? std::ldexp(fraction, -24) : exponent < 31 ? std::ldexp(1024 + fraction, exponent - 25)
                                      : fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    return bits >> 15 ? -size : size;
}

// libhdf5 converts with saturation.
template <class To, class From>
To saturated(From value) {
    if constexpr (std::is_floating_point_v<To>) {
        return static_cast<To>(value);
    } else {
        if (std::isnan(static_cast<double>(value))) return 0;
        if (static_cast<long double>(value) <= static_cast<long double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
        if (static_cast<long double>(value) >= static_cast<long double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
        return static_cast<To>(value);
    }
}

template <class To>
To element(const Array& array, std::uint64_t index) {
    const std::size_t width = std::min<std::size_t>(array.element_bytes, 8);
    char raw[8] = {};
    for (std::size_t k = 0; k < width; ++k)
        if (index * width + k < array.bytes.size()) raw[k] = array.bytes[index * width + k];
    if (array.type == TypeClass::floating) {
        if (width == 2) {
            std::uint16_t bits = 0;
            std::memcpy(&bits, raw, 2);
            return saturated<To>(half(bits));
        }
        if (width <= 4) {
            float value = 0;
            std::memcpy(&value, raw, 4);
            return saturated<To>(value);
        }
        double value = 0;
        std::memcpy(&value, raw, 8);
        return saturated<To>(value);
    }
    std::uint64_t bits = 0;
    std::memcpy(&bits, raw, 8);
    if (!array.is_signed) return saturated<To>(bits);
    const int unused = 64 - 8 * static_cast<int>(width);
    return saturated<To>(static_cast<std::int64_t>(bits << unused) >> unused);
}

template <class To>
void convert(const Array& array, std::uint64_t first, std::uint64_t count, void* out) {
    To* to = static_cast<To*>(out);
    const std::uint64_t filled = std::min<std::uint64_t>(first + count, (array.bytes.size() + array.element_bytes - 1) / array.element_bytes);
    std::uint64_t index = first;
    for (; index < filled; ++index) to[index - first] = element<To>(array, index);
    for (; index < first + count; ++index) to[index - first] = 0;
}

herr_t read_elements(OpenFile& file, const Array& array, hid_t type, std::uint64_t first, std::uint64_t count, void* out) {
    if (array.values_unreadable || count > file.left) return -1;
    file.left -= count;
    const bool numeric = array.type == TypeClass::integer || array.type == TypeClass::floating || array.type == TypeClass::enumeration;
    if (type == H5T_NATIVE_FLOAT_g || type == H5T_NATIVE_DOUBLE_g || (type >= H5T_NATIVE_INT8_g && type <= H5T_NATIVE_UINT64_g)) {
        if (!numeric) return -1;
        if (type == H5T_NATIVE_FLOAT_g) convert<float>(array, first, count, out);
        else if (type == H5T_NATIVE_DOUBLE_g) convert<double>(array, first, count, out);
        else if (type == H5T_NATIVE_INT8_g) convert<std::int8_t>(array, first, count, out);
        else if (type == H5T_NATIVE_INT16_g) convert<std::int16_t>(array, first, count, out);
        else if (type == H5T_NATIVE_INT32_g) convert<std::int32_t>(array, first, count, out);
        else if (type == H5T_NATIVE_INT64_g) convert<std::int64_t>(array, first, count, out);
        else if (type == H5T_NATIVE_UINT8_g) convert<std::uint8_t>(array, first, count, out);
        else if (type == H5T_NATIVE_UINT16_g) convert<std::uint16_t>(array, first, count, out);
        else convert<std::uint64_t>(array, first, count, out);
        return 0;
    }
    if (get(type, What::type).array != &array) misuse("values read as the type of another array");
    if (array.type == TypeClass::text && array.variable_text) {
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::string* text = array.texts.empty() ? nullptr : &array.texts[(first + i) % array.texts.size()];
            static_cast<char**>(out)[i] = text ? strdup(text->c_str()) : nullptr;
        }
    } else if (array.type == TypeClass::text) {
        for (std::uint64_t i = 0; i < count; ++i) {
            char* to = static_cast<char*>(out) + i * array.element_bytes;
            std::memset(to, array.padded_with_spaces ? ' ' : 0, array.element_bytes);
            if (array.texts.empty()) continue;
            const std::string& text = array.texts[(first + i) % array.texts.size()];
            std::memcpy(to, text.data(), std::min<std::size_t>(text.size(), array.element_bytes));
        }
    } else {
        char* to = static_cast<char*>(out);
        for (std::uint64_t k = 0; k < count * array.element_bytes; ++k) {
            const std::uint64_t at = first * array.element_bytes + k;
            to[k] = at < array.bytes.size() ? array.bytes[at] : 0;
        }
    }
    return 0;
}

}  // namespace

namespace assay::fuzz {
std::size_t open_handles() { return handles().size(); }
void close_handles() { handles().clear(); }
H5Z_func_t registered_filter() { return last_filter; }
}  // namespace assay::fuzz

extern "C" {

hid_t H5T_NATIVE_FLOAT_g = 1, H5T_NATIVE_DOUBLE_g = 2, H5T_NATIVE_INT8_g = 3, H5T_NATIVE_INT16_g = 4, H5T_NATIVE_INT32_g = 5, H5T_NATIVE_INT64_g = 6,
      H5T_NATIVE_UINT8_g = 7, H5T_NATIVE_UINT16_g = 8, H5T_NATIVE_UINT64_g = 9, H5T_STD_U8LE_g = 10, H5T_IEEE_F32LE_g = 11,
      H5P_CLS_FILE_ACCESS_ID_g = 20;

herr_t H5open() { return 0; }
herr_t H5check_version(unsigned, unsigned, unsigned) { return 0; }
herr_t H5Eset_auto2(hid_t, H5E_auto2_t, void*) { return 0; }
herr_t H5PLset_loading_state(unsigned) { return 0; }
herr_t H5Zregister(const void* filter) {
    last_filter = static_cast<const H5Z_class2_t*>(filter)->filter;
    return 0;
}

hid_t H5Fopen(const char* path, unsigned, hid_t access) {
    if (const auto& image = get(access, What::file_access).image) return open_tree(*image);
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return open_tree(bytes);
}
herr_t H5Fclose(hid_t id) { return close(id, What::file); }
herr_t H5Fget_filesize(hid_t id, hsize_t* size) {
    *size = get(id, What::file).file->bytes;
    return 0;
}

hid_t H5Pcreate(hid_t) { return open({.what = What::file_access}); }
herr_t H5Pclose(hid_t id) {
    handles().erase(id);
    return 0;
}
herr_t H5Pset_file_locking(hid_t, hbool_t, hbool_t) { return 0; }
herr_t H5Pset_fapl_core(hid_t id, std::size_t, hbool_t) {
    get(id, What::file_access);
    return 0;
}
herr_t H5Pset_file_image(hid_t id, void* bytes, std::size_t size) {
    get(id, What::file_access).image = std::string(static_cast<const char*>(bytes), size);
    return 0;
}
H5D_layout_t H5Pget_layout(hid_t id) {
    const Handle& creation = get(id, What::creation);
    switch (creation.file->tree.nodes[creation.node].layout) {
        case Layout::contiguous: return H5D_CONTIGUOUS;
        case Layout::chunked: return H5D_CHUNKED;
        case Layout::compact: return H5D_COMPACT;
        case Layout::virtual_storage: return H5D_VIRTUAL;
        default: return H5D_LAYOUT_ERROR;
    }
}
int H5Pget_external_count(hid_t id) {
    const Handle& creation = get(id, What::creation);
    return creation.file->tree.nodes[creation.node].external;
}
int H5Pget_nfilters(hid_t id) {
    const Handle& creation = get(id, What::creation);
    return static_cast<int>(creation.file->tree.nodes[creation.node].filters.size());
}
H5Z_filter_t H5Pget_filter2(hid_t id, unsigned index, unsigned*, std::size_t*, unsigned*, std::size_t, char*, unsigned*) {
    const Handle& creation = get(id, What::creation);
    const auto& filters = creation.file->tree.nodes[creation.node].filters;
    if (index >= filters.size()) misuse("a filter that is not there");
    return static_cast<H5Z_filter_t>(filters[index]);
}

hid_t H5Oopen(hid_t id, const char* name, hid_t) {
    const auto found = handles().find(id);
    if (found == handles().end()) misuse("an identifier that is not open");
    const Handle& from = found->second;
    const std::string_view path = name;
    if (path == "/") return open({.what = What::object, .file = from.file, .node = 0});
    if (from.what != What::object) misuse("an object looked for in what is none");
    if (path == ".") return open({.what = What::object, .file = from.file, .node = from.node});
    const Link* link = link_of(id, name);
    if (!link || link->kind != LinkClass::hard) return -1;
    return open({.what = What::object, .file = from.file, .node = link->node});
}
herr_t H5Oclose(hid_t id) { return close(id, What::object); }
herr_t H5Oget_info2(hid_t id, H5O_info_t* info, unsigned) {
    info->addr = get(id, What::object).node + 1;
    info->num_attrs = node_of(id).attributes.size();
    return 0;
}
hid_t H5Iget_file_id(hid_t id) { return open({.what = What::file, .file = get(id, What::object).file}); }
H5I_type_t H5Iget_type(hid_t id) {
    switch (node_of(id).kind) {
        case NodeKind::group: return H5I_GROUP;
        case NodeKind::dataset: return H5I_DATASET;
        default: return H5I_DATATYPE;
    }
}

htri_t H5Lexists(hid_t id, const char* name, hid_t) { return link_of(id, name) != nullptr; }
herr_t H5Lget_info(hid_t id, const char* name, H5L_info_t* info, hid_t) {
    const Link* link = link_of(id, name);
    if (!link) return -1;
    info->type = link->kind == LinkClass::hard ? H5L_TYPE_HARD : link->kind == LinkClass::soft ? H5L_TYPE_SOFT : H5L_TYPE_EXTERNAL;
    info->u.val_size = link->target.size() + 1;
    return 0;
}
herr_t H5Lget_val(hid_t id, const char* name, void* out, std::size_t size, hid_t) {
    const Link* link = link_of(id, name);
    if (!link || link->kind == LinkClass::hard) return -1;
    std::memcpy(out, link->target.c_str(), std::min(size, link->target.size() + 1));
    return 0;
}
herr_t H5Literate(hid_t id, H5_index_t, H5_iter_order_t, hsize_t*, H5L_iterate_t visit, void* data) {
    const Node& node = node_of(id);
    if (node.kind != NodeKind::group) return -1;
    for (const Link& link : node.links)
        if (const herr_t answer = visit(id, link.name.c_str(), nullptr, data); answer != 0) return answer;
    return 0;
}

htri_t H5Aexists(hid_t id, const char* name) {
    const auto& all = node_of(id).attributes;
    return std::any_of(all.begin(), all.end(), [&](const Attribute& attribute) { return attribute.name == name; });
}
hid_t H5Aopen(hid_t id, const char* name, hid_t) {
    const Handle& object = get(id, What::object);
    for (const Attribute& attribute : node_of(id).attributes)
        if (attribute.name == name) return open({.what = What::attribute, .file = object.file, .node = object.node, .array = &attribute.value});
    return -1;
}
herr_t H5Aclose(hid_t id) { return close(id, What::attribute); }
hid_t H5Aget_type(hid_t id) {
    const Handle& attribute = get(id, What::attribute);
    return type_of(attribute, *attribute.array);
}
hid_t H5Aget_space(hid_t id) { return space_of(*get(id, What::attribute).array); }
herr_t H5Aread(hid_t id, hid_t type, void* out) {
    const Handle& attribute = get(id, What::attribute);
    return read_elements(*attribute.file, *attribute.array, type, 0, attribute.array->null_space ? 0 : count_of(*attribute.array), out);
}

hid_t H5Dget_create_plist(hid_t id) {
    const Handle& object = get(id, What::object);
    dataset_of(id);
    return open({.what = What::creation, .file = object.file, .node = object.node});
}
hid_t H5Dget_type(hid_t id) {
    const Array& array = dataset_of(id).array;
    return type_of(get(id, What::object), array);
}
hid_t H5Dget_space(hid_t id) { return space_of(dataset_of(id).array); }
hsize_t H5Dget_storage_size(hid_t id) { return dataset_of(id).stored; }
herr_t H5Dread(hid_t id, hid_t type, hid_t memory, hid_t space, hid_t, void* out) {
    const Array& array = dataset_of(id).array;
    OpenFile& file = *get(id, What::object).file;
    if (space == H5S_ALL) return read_elements(file, array, type, 0, array.null_space ? 0 : count_of(array), out);
    const Handle& rows = get(space, What::space);
    const std::vector<hsize_t>& shape = get(memory, What::space).extents;
    if (!rows.selected || array.extents.empty() || shape.empty() || shape.size() != array.extents.size()) misuse("rows that were not selected");
    const std::uint64_t row = array.extents[0] == 0 ? 0 : count_of(array) / array.extents[0];
    if (shape[0] != rows.count) misuse("more room than rows");
    return read_elements(file, array, type, rows.first * row, rows.count * row, out);
}
herr_t H5Dvlen_reclaim(hid_t, hid_t space, hid_t, void* values) {
    Array shape;
    const auto& extents = get(space, What::space).extents;
    shape.extents.assign(extents.begin(), extents.end());
    for (std::uint64_t i = 0; i < count_of(shape); ++i) std::free(static_cast<char**>(values)[i]);
    return 0;
}

int H5Sget_simple_extent_ndims(hid_t id) { return static_cast<int>(get(id, What::space).extents.size()); }
int H5Sget_simple_extent_dims(hid_t id, hsize_t* extents, hsize_t*) {
    const Handle& space = get(id, What::space);
    std::copy(space.extents.begin(), space.extents.end(), extents);
    return static_cast<int>(space.extents.size());
}
H5S_class_t H5Sget_simple_extent_type(hid_t id) { return get(id, What::space).null_space ? H5S_NULL : H5S_SIMPLE; }
hid_t H5Screate_simple(int rank, const hsize_t* extents, const hsize_t*) { return open({.what = What::space, .extents = {extents, extents + rank}}); }
herr_t H5Sselect_hyperslab(hid_t id, H5S_seloper_t, const hsize_t* start, const hsize_t*, const hsize_t* count, const hsize_t*) {
    Handle& space = get(id, What::space);
    if (space.extents.empty() || start[0] > space.extents[0] || count[0] > space.extents[0] - start[0]) return -1;
    space.first = start[0];
    space.count = count[0];
    return space.selected = true, 0;
}
herr_t H5Sclose(hid_t id) { return close(id, What::space); }

H5T_class_t H5Tget_class(hid_t id) {
    switch (get(id, What::type).array->type) {
        case TypeClass::integer: return H5T_INTEGER;
        case TypeClass::floating: return H5T_FLOAT;
        case TypeClass::text: return H5T_STRING;
        case TypeClass::enumeration: return H5T_ENUM;
        case TypeClass::opaque: return H5T_OPAQUE;
        case TypeClass::compound: return H5T_COMPOUND;
        case TypeClass::reference: return H5T_REFERENCE;
        case TypeClass::variable_length: return H5T_VLEN;
        default: return H5T_ARRAY;
    }
}
std::size_t H5Tget_size(hid_t id) {
    const Array& array = *get(id, What::type).array;
    return array.type == TypeClass::text && array.variable_text ? sizeof(char*) : array.element_bytes;
}
H5T_sign_t H5Tget_sign(hid_t id) { return get(id, What::type).array->is_signed ? H5T_SGN_2 : H5T_SGN_NONE; }
H5T_str_t H5Tget_strpad(hid_t id) { return get(id, What::type).array->padded_with_spaces ? H5T_STR_SPACEPAD : H5T_STR_NULLPAD; }
htri_t H5Tis_variable_str(hid_t id) { return get(id, What::type).array->variable_text; }
herr_t H5Tclose(hid_t id) { return close(id, What::type); }

}  // extern "C"
