// fuzz_encode <folder> <file>...: real HDF5 files and .keras archives as seeds of the fuzzers, <folder>/<target>/<name>. What libhdf5
// cannot read is left out, so that damaged files give what is left of them; a file that kills libhdf5 kills this program: call it once a file.

#include "formats/content.hpp"
#include "formats/zip_archive.hpp"
#include "libanalysis/core/error.hpp"
#include "tests/fuzz/tree.hpp"

#include <hdf5.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

namespace {

using namespace assay::fuzz;

constexpr std::size_t most_bytes = 64;            // of an array's values: the rest becomes zeros
constexpr std::size_t most_text_bytes = 1 << 16;  // of arrays of bytes that may be text
constexpr std::size_t most_nodes = 1000;
constexpr std::size_t most_seed_bytes = 16384;    // larger seeds are slow and find the same

TypeClass class_of(hid_t type) {
    switch (H5Tget_class(type)) {
        case H5T_INTEGER: return TypeClass::integer;
        case H5T_FLOAT: return TypeClass::floating;
        case H5T_STRING: return TypeClass::text;
        case H5T_ENUM: return TypeClass::enumeration;
        case H5T_COMPOUND: return TypeClass::compound;
        case H5T_REFERENCE: return TypeClass::reference;
        case H5T_VLEN: return TypeClass::variable_length;
        case H5T_ARRAY: return TypeClass::array;
        default: return TypeClass::opaque;
    }
}

// `read` fills values of a type in memory.
template <class Read>
Array array_of(hid_t type, hid_t space, Read read) {
    Array array;
    if (type < 0) return array.type_unreadable = true, array;
    if (space < 0) return array.space_unreadable = true, array;
    array.type = class_of(type);
    array.element_bytes = std::max<std::size_t>(H5Tget_size(type), 1);
    array.is_signed = array.type != TypeClass::integer || H5Tget_sign(type) != H5T_SGN_NONE;
    array.null_space = H5Sget_simple_extent_type(space) == H5S_NULL;
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > H5S_MAX_RANK) return array.space_unreadable = true, array;
    array.extents.resize(static_cast<std::size_t>(rank));
    std::vector<hsize_t> extents(array.extents.size() + 1);
    H5Sget_simple_extent_dims(space, extents.data(), nullptr);
    std::copy_n(extents.begin(), array.extents.size(), array.extents.begin());
    const std::uint64_t count = array.null_space ? 0 : count_of(array);
    if (count == 0 || count > (1 << 22) || array.element_bytes > (1 << 22) || count * array.element_bytes > (1 << 26)) return array;
    if (array.type == TypeClass::text && H5Tis_variable_str(type) > 0) {
        array.variable_text = true;
        std::vector<char*> texts(count, nullptr);
        if (!read(type, texts.data())) return array.values_unreadable = true, array;
        for (const char* text : texts) array.texts.emplace_back(text ? text : "");
    } else if (array.type == TypeClass::text) {
        array.padded_with_spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
        std::string block(count * array.element_bytes, '\0');
        if (!read(type, block.data())) return array.values_unreadable = true, array;
        for (std::uint64_t i = 0; i < count; ++i) array.texts.push_back(block.substr(i * array.element_bytes, array.element_bytes));
    } else if (array.type != TypeClass::variable_length && array.type != TypeClass::reference) {
        const hid_t native = H5Tget_native_type(type, H5T_DIR_ASCEND);   // little-endian here
        array.bytes.assign(count * std::max(array.element_bytes, native < 0 ? std::size_t{0} : H5Tget_size(native)), '\0');
        if (!read(native < 0 ? type : native, array.bytes.data())) return array.values_unreadable = true, array;
        const bool is_text = array.type == TypeClass::integer && array.element_bytes == 1 && array.extents.size() <= 1;
        array.bytes.resize(std::min(array.bytes.size(), is_text ? most_text_bytes : most_bytes));
    }
    return array;
}

class Walk {
public:
    explicit Walk(hid_t root) { add(root); }
    Tree tree;

private:
    std::size_t add(hid_t object) {
        H5O_info_t info{};
        H5Oget_info2(object, &info, H5O_INFO_BASIC);
        if (const auto seen = index_.find(info.addr); seen != index_.end()) return seen->second;
        const std::size_t index = tree.nodes.size();
        index_[info.addr] = index;
        tree.nodes.emplace_back();
        Node node;
        const H5I_type_t kind = H5Iget_type(object);
        node.kind = kind == H5I_GROUP ? NodeKind::group : kind == H5I_DATASET ? NodeKind::dataset : NodeKind::other;
        const int attributes = H5Aget_num_attrs(object);
        for (int i = 0; i < attributes; ++i) {
            const hid_t attribute = H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, static_cast<hsize_t>(i), H5P_DEFAULT, H5P_DEFAULT);
            if (attribute < 0) continue;
            char name[1024] = {};
            H5Aget_name(attribute, sizeof name, name);
            node.attributes.push_back({name, array_of(H5Aget_type(attribute), H5Aget_space(attribute), [&](hid_t type, void* out) { return H5Aread(attribute, type, out) >= 0; })});
        }
        if (node.kind == NodeKind::dataset) fill(object, node);
        if (node.kind == NodeKind::group) fill_links(object, node);
        tree.nodes[index] = std::move(node);
        return index;
    }

    static void fill(hid_t object, Node& node) {
        node.array = array_of(H5Dget_type(object), H5Dget_space(object), [&](hid_t type, void* out) { return H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0; });
        node.stored = H5Dget_storage_size(object);
        const hid_t creation = H5Dget_create_plist(object);
        switch (H5Pget_layout(creation)) {
            case H5D_CONTIGUOUS: node.layout = Layout::contiguous; node.external = H5Pget_external_count(creation) != 0; break;
            case H5D_CHUNKED: node.layout = Layout::chunked; break;
            case H5D_COMPACT: node.layout = Layout::compact; break;
            case H5D_VIRTUAL: node.layout = Layout::virtual_storage; break;
            default: node.layout = Layout::unreadable;
        }
        for (int i = 0; i < H5Pget_nfilters(creation); ++i) {
            unsigned flags = 0, settings = 0;
            std::size_t values = 0;
            node.filters.push_back(static_cast<std::uint32_t>(H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, &settings)));
        }
    }

    void fill_links(hid_t group, Node& node) {
        std::vector<std::string> names;
        hsize_t index = 0;
        H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &index, [](hid_t, const char* name, const H5L_info_t*, void* into) -> herr_t {
            static_cast<std::vector<std::string>*>(into)->emplace_back(name);
            return 0;
        }, &names);
        for (const std::string& name : names) {
            H5L_info_t info{};
            if (tree.nodes.size() > most_nodes || H5Lget_info(group, name.c_str(), &info, H5P_DEFAULT) < 0) continue;
            Link link;
            link.name = name;
            if (info.type == H5L_TYPE_HARD) {
                const hid_t object = H5Oopen(group, name.c_str(), H5P_DEFAULT);
                if (object < 0) continue;
                link.node = add(object);
            } else if (info.type == H5L_TYPE_SOFT) {
                link.kind = LinkClass::soft;
                link.target.resize(info.u.val_size);
                H5Lget_val(group, name.c_str(), link.target.data(), link.target.size(), H5P_DEFAULT);
                link.target.resize(std::min(link.target.find('\0'), link.target.size()));
            } else {
                link.kind = LinkClass::external;
            }
            node.links.push_back(std::move(link));
        }
    }

    std::map<haddr_t, std::size_t> index_;
};

Tree tree_in(const std::filesystem::path& path) {
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0) throw std::runtime_error("libhdf5 does not open it");
    return Walk(H5Oopen(file, "/", H5P_DEFAULT)).tree;
}

Tree tree_in_memory(std::string bytes) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 20, false);
    H5Pset_file_image(access, bytes.data(), bytes.size());
    const hid_t file = H5Fopen("image", H5F_ACC_RDONLY, access);
    if (file < 0) throw std::runtime_error("libhdf5 does not open its weights");
    return Walk(H5Oopen(file, "/", H5P_DEFAULT)).tree;
}

Attribute text(const std::string& name, std::string value) {
    Array array;
    array.type = TypeClass::text;
    array.variable_text = true;
    array.texts = {std::move(value)};
    return {name, array};
}

const Attribute* find(const Tree& tree, const std::string& name) {
    for (const Attribute& attribute : tree.nodes[0].attributes)
        if (attribute.name == name) return &attribute;
    return nullptr;
}

}  // namespace

int main(int count, char** words) {
    if (count < 3) {
        std::fprintf(stderr, "usage: fuzz_encode <folder> <file>...\n");
        return 2;
    }
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);
    const std::filesystem::path folder = words[1];
    const auto put = [&](const std::string& target, const std::string& name, const Tree& tree) {
        std::filesystem::create_directories(folder / target);
        const std::string bytes = encode(tree);
        if (bytes.size() > most_seed_bytes) return;
        std::ofstream(folder / target / name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    };
    int failed = 0;
    for (int i = 2; i < count; ++i) {
        const std::filesystem::path path = words[i];
        const std::string name = path.filename().string();
        try {
            if (assay::formats::has_zip_signature(path)) {
                const assay::formats::ZipArchive archive(path);
                Tree tree = tree_in_memory(archive.read("model.weights.h5", 1 << 28));
                const std::string config = archive.read("config.json", 1 << 24);
                tree.nodes[0].attributes.push_back(text("config.json", config));
                if (archive.has("metadata.json")) tree.nodes[0].attributes.push_back(text("metadata.json", archive.read("metadata.json", 1 << 24)));
                put("keras_zip", name, tree);
                tree.nodes[0].attributes.push_back(text("architecture", config));
                put("keras_architecture", name, tree);
                continue;
            }
            Tree tree = tree_in(path);
            for (const char* target : {"keras_h5", "keras_weights", "keras_three_weights", "torch_h5", "assay_graph", "keras_numbered_weights", "data_set", "masks"})
                put(target, name, tree);
            put("any_bytes", name, tree);
            if (const Attribute* config = find(tree, "model_config"); config && !config->value.texts.empty()) {   // its weights, and its architecture apart
                const std::string architecture = config->value.texts.front();
                for (const Link& link : tree.nodes[0].links)
                    if (link.name == "model_weights") std::swap(tree.nodes[0], tree.nodes[link.node]);
                tree.nodes[0].attributes.push_back(text("architecture", architecture));
                put("keras_architecture", name, tree);
            }
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s: %s\n", path.c_str(), error.what());
            ++failed;
        }
    }
    return failed > 0;
}
