#include "tests/fuzz/mutation.hpp"

#include "libanalysis/core/json.hpp"

#include <algorithm>
#include <array>

namespace assay::fuzz {
namespace {

std::size_t below(std::size_t end, Random& random) { return end == 0 ? 0 : static_cast<std::size_t>(random() % end); }

template <class Container>
auto& any_of(Container& container, Random& random) { return container[below(container.size(), random)]; }

std::uint64_t strange_number(Random& random) {
    static constexpr std::array<std::uint64_t, 20> all{0, 1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 33, 255, 256, 65536, 0x7fffffff, 0xffffffff, std::uint64_t{1} << 40, std::uint64_t{1} << 62, ~std::uint64_t{0}};
    return random() % 4 == 0 ? random() >> below(64, random) : any_of(all, random);
}

// What the readers look for, and what no reader should follow.
const std::vector<std::string>& words() {
    static const std::vector<std::string> all = {
        "", "/", ".", "..", "a/../b", "\\", "layers", "layers\\dense", "vars", "0", "1", "x", "y", "train", "test", "weight", "bias", "running_mean", "num_batches_tracked", "layer_0", "param_0",
        "nb_layers", "nb_params", "layer_names", "layer_names0", "weight_names", "weight_names0", "model_weights", "optimizer_weights", "model_config", "training_config", "keras_version",
        "backend", "theano", "tensorflow", "1.0.0", "2.2.4", "3.8.0", "top_level_model_weights", "assay_format", "assay-graph", "graph", "parameters", "name", "dtype", "bfloat16", "float64",
        "_layer_checkpoint_dependencies", "cell", "forward_layer", "query_dense", "kernel:0", "dense/kernel:0", "dense_W", "\xff\xfe", "\xed\xa0\x80",
        "Dense", "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D", "BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization",
        "Embedding", "LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU", "Bidirectional", "TimeDistributed", "MultiHeadAttention", "EinsumDense", "Attention", "Merge", "Add", "Concatenate", "Dot",
        "Lambda", "Masking", "Flatten", "Reshape", "Permute", "RepeatVector", "Cropping2D", "ZeroPadding2D", "UpSampling2D", "MaxPooling2D", "AveragePooling1D", "GlobalAveragePooling2D", "PReLU",
        "LeakyReLU", "ReLU", "Softmax", "Rescaling", "Normalization", "Activation", "Dropout", "InputLayer", "Sequential", "Functional", "Model", "TFOpLambda", "NotEqual",
        "same", "valid", "causal", "channels_first", "channels_last", "relu", "softmax", "hard_sigmoid", "concat", "sum", "th", "tf", "categorical_crossentropy", "__keras_tensor__", "Custom>Dense"};
    return all;
}

Json strange_value(Random& random) {
    switch (random() % 10) {
        case 0: return nullptr;
        case 1: return random() % 2 == 0;
        case 2: return static_cast<std::int64_t>(strange_number(random));
        case 3: return -static_cast<std::int64_t>(strange_number(random) & 0xffffffff);
        case 4: return strange_number(random);
        case 5: return static_cast<double>(strange_number(random)) * 1e300;
        case 6: return 0.5 * static_cast<double>(below(9, random)) - 2;
        case 7: return Json::array();
        case 8: return Json::object();
        default: return any_of(words(), random);
    }
}

void collect(Json& json, std::vector<Json*>& into) {
    into.push_back(&json);
    if (json.is_structured())
        for (Json& part : json) collect(part, into);
}

void change(Json& root, Random& random) {
    std::vector<Json*> all;
    collect(root, all);
    Json& json = *any_of(all, random);
    const std::size_t choice = below(8, random);
    if (choice == 0) {
        const Json other = *any_of(all, random);
        json = other;
    } else if (choice == 1 && json.is_array() && !json.empty()) {
        const Json element = any_of(json, random);
        for (std::size_t times = 1 + below(4, random); times > 0 && json.size() < 1000; --times) json.push_back(element);
    } else if (choice == 2 && json.is_structured() && !json.empty()) {
        json.erase(std::next(json.begin(), static_cast<std::ptrdiff_t>(below(json.size(), random))));
    } else if (choice == 3 && json.is_object() && !json.empty()) {
        auto from = std::next(json.begin(), static_cast<std::ptrdiff_t>(below(json.size(), random)));
        const Json value = from.value();
        json[any_of(words(), random)] = value;
    } else if (choice == 4 && json.is_array() && json.size() > 1) {
        const Json first = any_of(json, random);
        any_of(json, random) = first;
    } else if (choice == 5 && json.is_number_integer()) {
        json = json.get<std::int64_t>() + (random() % 2 ? 1 : -1);
    } else if (choice == 6) {
        json = Json::array({json});
    } else {
        json = strange_value(random);
    }
}

bool is_json(const std::string& text) { return text.size() > 1 && (text.front() == '{' || text.front() == '['); }

void change_text(std::string& text, Random& random) {
    if (is_json(text) && random() % 8 != 0) text = mutate_json(text, random);
    else if (random() % 3 == 0) text = mutate_bytes(std::move(text), random);
    else text = any_of(words(), random);
}

void change(Array& array, Random& random) {
    const bool has_text = array.type == TypeClass::text && !array.texts.empty();
    if (has_text && random() % 4 != 0) {
        if (array.texts.size() == 1 || random() % 2 == 0) {
            std::string& text = any_of(array.texts, random);
            change_text(text, random);
            array.element_bytes = std::max<std::uint64_t>(array.element_bytes, text.size());
        } else if (random() % 2 == 0) {
            std::swap(any_of(array.texts, random), any_of(array.texts, random));
        } else {
            const std::string text = any_of(array.texts, random);
            any_of(array.texts, random) = text;
        }
        return;
    }
    if (is_json(array.bytes) && random() % 4 != 0) {
        array.bytes = mutate_json(array.bytes, random);
        array.extents = {array.bytes.size()};
        return;
    }
    switch (random() % 9) {
        case 0: array.type = static_cast<TypeClass>(random() % type_classes); break;
        case 1: array.element_bytes = std::array<std::uint64_t, 5>{1, 2, 4, 8, strange_number(random)}[below(5, random)]; break;
        case 2: array.is_signed = !array.is_signed; break;
        case 3: (random() % 4 == 0 ? array.null_space : random() % 2 ? array.variable_text : array.padded_with_spaces) ^= true; break;
        case 4: (random() % 3 == 0 ? array.type_unreadable : random() % 2 ? array.space_unreadable : array.values_unreadable) ^= true; break;
        case 5: array.extents.insert(array.extents.begin() + static_cast<std::ptrdiff_t>(below(array.extents.size() + 1, random)), random() % 2 ? 1 : strange_number(random)); break;
        case 6:
            if (!array.extents.empty()) array.extents.erase(array.extents.begin() + static_cast<std::ptrdiff_t>(below(array.extents.size(), random)));
            break;
        case 7:
            if (!array.extents.empty()) any_of(array.extents, random) = strange_number(random);
            break;
        default: array.bytes = mutate_bytes(array.bytes, random);
    }
}

void change(Tree& tree, Random& random) {
    Node& node = any_of(tree.nodes, random);
    switch (random() % 8) {
        case 0: {
            Node& other = any_of(tree.nodes, random);
            if (other.attributes.empty()) break;
            const Attribute copy = any_of(other.attributes, random);
            node.attributes.push_back(copy);
            if (random() % 2) node.attributes.back().name = any_of(words(), random);
            break;
        }
        case 1:
            if (!node.attributes.empty()) node.attributes.erase(node.attributes.begin() + static_cast<std::ptrdiff_t>(below(node.attributes.size(), random)));
            break;
        case 2:
            node.links.push_back({.name = any_of(words(), random), .kind = LinkClass::hard, .node = below(tree.nodes.size(), random), .target = ""});
            break;
        case 3:
            if (!node.links.empty()) node.links.erase(node.links.begin() + static_cast<std::ptrdiff_t>(below(node.links.size(), random)));
            break;
        case 4: {
            if (node.links.empty()) break;
            Link& link = any_of(node.links, random);
            if (random() % 2) {
                link.name = any_of(words(), random);
            } else {
                link.kind = static_cast<LinkClass>(random() % 3);
                link.node = below(tree.nodes.size(), random);
                link.target = (random() % 2 ? "/" : "") + any_of(words(), random);
            }
            break;
        }
        case 5:
            if (node.kind == NodeKind::dataset) {
                if (random() % 3 == 0) node.layout = static_cast<Layout>(random() % 5);
                else if (random() % 2) node.filters.push_back(static_cast<std::uint32_t>(random() % 8 == 0 ? 32000 : random() % 8));
                else node.stored = strange_number(random);
            }
            break;
        default:
            if (node.kind == NodeKind::dataset && (node.attributes.empty() || random() % 2)) change(node.array, random);
            else if (!node.attributes.empty()) change(any_of(node.attributes, random).value, random);
    }
}

}  // namespace

std::string mutate_json(const std::string& text, Random& random) {
    Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return text;
    for (std::size_t times = 1 + below(3, random); times > 0; --times) change(json, random);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string mutate_bytes(std::string bytes, Random& random) {
    if (bytes.empty()) return std::string(1 + below(4, random), static_cast<char>(random()));
    const std::size_t at = below(bytes.size(), random), length = std::min<std::size_t>(1 + below(8, random), bytes.size() - at);
    switch (random() % 5) {
        case 0: bytes[at] = static_cast<char>(bytes[at] ^ 1 << random() % 8); break;
        case 1: bytes[at] = static_cast<char>(random()); break;
        case 2: bytes.erase(at, length); break;
        case 3: bytes.insert(at, bytes.substr(at, length)); break;
        default: bytes.resize(at);
    }
    return bytes;
}

std::string mutate_tree(std::string_view bytes, Random& random) {
    Tree tree = decode(bytes);
    for (std::size_t times = 1 + below(3, random); times > 0; --times) change(tree, random);
    return encode(tree);
}

}  // namespace assay::fuzz
