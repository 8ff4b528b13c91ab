#pragma once
// An HDF5 tree as plain values, and its encoding in bytes: what the readers' fuzzers mutate in place of HDF5 files. Any bytes decode to
// some tree, so every mutation is a test.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::fuzz {

enum class TypeClass : std::uint8_t { integer, floating, text, enumeration, opaque, compound, reference, variable_length, array };
constexpr std::uint8_t type_classes = 9;

/// The type, extents and values of a data set or an attribute.
struct Array {
    TypeClass type = TypeClass::floating;
    std::uint64_t element_bytes = 4;
    bool is_signed = true;
    bool variable_text = false;
    bool padded_with_spaces = false;
    bool type_unreadable = false, space_unreadable = false, values_unreadable = false;   // what libhdf5 answers on damage
    bool null_space = false;
    std::vector<std::uint64_t> extents{};
    std::vector<std::string> texts{};   ///< elements of texts; where they are fewer than the elements, they repeat
    std::string bytes{};                ///< elements of other types, little-endian; what is missing is zero, HDF5's fill value
};

struct Attribute {
    std::string name;
    Array value;
};

enum class LinkClass : std::uint8_t { hard, soft, external };

struct Link {
    std::string name;
    LinkClass kind = LinkClass::hard;
    std::size_t node = 0;   ///< of a hard link: an index into Tree::nodes, so that circles can be told
    std::string target{};     ///< of a soft link
};

enum class NodeKind : std::uint8_t { group, dataset, other };
enum class Layout : std::uint8_t { contiguous, chunked, compact, virtual_storage, unreadable };

struct Node {
    NodeKind kind = NodeKind::group;
    std::vector<Attribute> attributes{};
    std::vector<Link> links{};   // of a group
    Array array{};             // of a data set, as all below
    Layout layout = Layout::contiguous;
    bool external = false;
    std::vector<std::uint32_t> filters{};
    std::uint64_t stored = 0;   ///< bytes, as the file claims
};

struct Tree {
    std::vector<Node> nodes{};   ///< the first is the root, a group
};

/// The encoding starts with HDF5's signature.
std::string encode(const Tree& tree);

/// Sizes that a fuzzer could not afford to read are made small unless they are so large that they must be refused.
Tree decode(std::string_view bytes);

/// The product of the extents, or 2^63 where it is larger.
std::uint64_t count_of(const Array& array);

}  // namespace assay::fuzz
