#include "tests/fuzz/tree.hpp"

#include <algorithm>

namespace assay::fuzz {
namespace {

constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
constexpr std::size_t most_nodes = 4096;
constexpr std::uint64_t most_elements = 1 << 20;   // of an array that is read
constexpr std::uint64_t most_texts = 4096;         // elements of a list of texts
constexpr std::uint64_t refused_bytes = (std::uint64_t{4} << 30) + 1;
constexpr std::uint64_t refused_texts = 4'000'001;
constexpr std::uint64_t refused_text_bytes = (std::uint64_t{512} << 20) + 1;

class Writer {
public:
    void byte(std::uint8_t value) { bytes.push_back(static_cast<char>(value)); }
    void number(std::uint64_t value) {
        for (; value >= 128; value >>= 7) byte(static_cast<std::uint8_t>(value | 128));
        byte(static_cast<std::uint8_t>(value));
    }
    void text(const std::string& value) {
        number(value.size());
        bytes += value;
    }
    void array(const Array& array) {
        byte(static_cast<std::uint8_t>(array.type));
        number(array.element_bytes);
        byte(static_cast<std::uint8_t>(array.is_signed | array.variable_text << 1 | array.padded_with_spaces << 2 | array.null_space << 3 | array.type_unreadable << 5 |
                                       array.space_unreadable << 6 | array.values_unreadable << 7));
        number(array.extents.size());
        for (const std::uint64_t extent : array.extents) number(extent);
        if (array.type == TypeClass::text) {
            number(array.texts.size());
            for (const std::string& value : array.texts) text(value);
        } else {
            text(array.bytes);
        }
    }
    std::string bytes;
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : left_(bytes) {}
    bool ended() const { return left_.empty(); }
    std::uint8_t byte() {
        if (left_.empty()) return 0;
        const auto value = static_cast<std::uint8_t>(left_.front());
        left_.remove_prefix(1);
        return value;
    }
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const std::uint8_t part = byte();
            value |= static_cast<std::uint64_t>(part & 127) << shift;
            if (part < 128) break;
        }
        return value;
    }
    std::size_t count(std::size_t most) { return static_cast<std::size_t>(std::min<std::uint64_t>({number(), most, left_.size()})); }
    std::string text() {
        const std::size_t size = count(left_.size());
        std::string value(left_.substr(0, size));
        left_.remove_prefix(size);
        return value;
    }
    Array array() {
        Array array;
        array.type = static_cast<TypeClass>(byte() % type_classes);
        array.element_bytes = std::max<std::uint64_t>(number(), 1);   // libhdf5 has no types of no bytes
        const std::uint8_t flags = byte();
        array.is_signed = flags & 1;
        array.variable_text = flags & 2;
        array.padded_with_spaces = flags & 4;
        array.null_space = flags & 8;
        array.type_unreadable = flags & 32;
        array.space_unreadable = flags & 64;
        array.values_unreadable = flags & 128;
        for (std::size_t rank = count(32); rank > 0; --rank) array.extents.push_back(number());
        if (array.type == TypeClass::text) {
            for (std::size_t texts = count(most_texts); texts > 0; --texts) array.texts.push_back(text());
        } else {
            array.bytes = text();
        }
        return array;
    }

private:
    std::string_view left_;
};

void shrink(Array& array, std::uint64_t most) {
    while (count_of(array) > most) {
        std::uint64_t& largest = *std::max_element(array.extents.begin(), array.extents.end());
        largest = largest > most ? largest % most : largest / 2;
    }
}

bool exceeds(std::uint64_t count, std::uint64_t bytes, std::uint64_t limit) {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(count, bytes, &product) || product >= limit;
}

void make_affordable(Array& array, bool attribute) {
    const std::uint64_t count = count_of(array);
    if (array.type == TypeClass::integer || array.type == TypeClass::floating || array.type == TypeClass::enumeration)
        array.element_bytes = array.element_bytes > 8 ? 8 : array.element_bytes;
    if (!attribute) {
        if (!exceeds(count, array.element_bytes, refused_bytes)) shrink(array, most_elements);
        return;
    }
    if (count >= refused_texts) return;
    shrink(array, most_texts);
    if (array.type == TypeClass::text && !array.variable_text && !exceeds(count_of(array), array.element_bytes, refused_text_bytes))
        while (exceeds(count_of(array), array.element_bytes, most_elements * 4)) array.element_bytes = std::max<std::uint64_t>(array.element_bytes / 2, 1);
}

}  // namespace

std::uint64_t count_of(const Array& array) {
    std::uint64_t count = 1;
    for (const std::uint64_t extent : array.extents) {
        if (extent == 0) return 0;
        if (__builtin_mul_overflow(count, extent, &count)) count = std::uint64_t{1} << 63;
    }
    return count;
}

std::string encode(const Tree& tree) {
    Writer writer;
    writer.bytes = signature;
    writer.number(tree.nodes.size());
    for (const Node& node : tree.nodes) {
        writer.byte(static_cast<std::uint8_t>(node.kind));
        writer.number(node.attributes.size());
        for (const Attribute& attribute : node.attributes) {
            writer.text(attribute.name);
            writer.array(attribute.value);
        }
        if (node.kind == NodeKind::group) {
            writer.number(node.links.size());
            for (const Link& link : node.links) {
                writer.text(link.name);
                writer.byte(static_cast<std::uint8_t>(link.kind));
                if (link.kind == LinkClass::hard) writer.number(link.node);
                else writer.text(link.target);
            }
        } else if (node.kind == NodeKind::dataset) {
            writer.array(node.array);
            writer.byte(static_cast<std::uint8_t>(static_cast<int>(node.layout) | (node.external ? 8 : 0)));
            writer.number(node.filters.size());
            for (const std::uint32_t filter : node.filters) writer.number(filter);
            writer.number(node.stored);
        }
    }
    return writer.bytes;
}

namespace {

// HDF5 names end at a zero byte.
std::string name_of(std::string name) {
    name.resize(std::min(name.find('\0'), name.size()));
    return name;
}

}  // namespace

Tree decode(std::string_view bytes) {
    if (bytes.starts_with(signature)) bytes.remove_prefix(signature.size());
    Reader reader(bytes);
    Tree tree;
    const std::size_t nodes = std::max<std::size_t>(reader.count(most_nodes), 1);
    for (std::size_t i = 0; i < nodes && (i == 0 || !reader.ended()); ++i) {
        Node node;
        node.kind = static_cast<NodeKind>(reader.byte() % 3);
        if (i == 0) node.kind = NodeKind::group;
        for (std::size_t count = reader.count(4096); count > 0; --count) {
            node.attributes.push_back({name_of(reader.text()), reader.array()});
            make_affordable(node.attributes.back().value, true);
        }
        if (node.kind == NodeKind::group) {
            for (std::size_t count = reader.count(4096); count > 0; --count) {
                Link link;
                link.name = name_of(reader.text());
                link.kind = static_cast<LinkClass>(reader.byte() % 3);
                if (link.kind == LinkClass::hard) link.node = static_cast<std::size_t>(reader.number() % nodes);
                else link.target = reader.text();
                node.links.push_back(std::move(link));
            }
        } else if (node.kind == NodeKind::dataset) {
            node.array = reader.array();
            make_affordable(node.array, false);
            const std::uint8_t storage = reader.byte();
            node.layout = static_cast<Layout>((storage & 7) % 5);
            node.external = storage & 8;
            for (std::size_t count = reader.count(8); count > 0; --count) node.filters.push_back(static_cast<std::uint32_t>(reader.number() & 0x7fffffff));
            node.stored = reader.number();
        }
        tree.nodes.push_back(std::move(node));
    }
    for (Node& node : tree.nodes)
        for (Link& link : node.links) link.node %= tree.nodes.size();
    return tree;
}

}  // namespace assay::fuzz
