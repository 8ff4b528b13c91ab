#include "tests/fuzz/seeds.hpp"

#include "tests/fuzz/tree.hpp"

#include <cstring>
#include <stdexcept>

namespace assay::fuzz {
namespace {

Array text(std::vector<std::string> texts, bool list = true) {
    Array array{.type = TypeClass::text};
    array.variable_text = true;
    if (list) array.extents = {texts.size()};
    array.texts = std::move(texts);
    return array;
}

Array numbers(std::vector<std::uint64_t> extents, TypeClass type = TypeClass::floating, std::uint64_t bytes = 4) {
    Array array{.type = type, .element_bytes = bytes};
    array.extents = std::move(extents);
    array.is_signed = type == TypeClass::floating;
    const std::uint64_t count = count_of(array);
    for (std::uint64_t i = 0; i < count && type == TypeClass::floating; ++i) {
        const float value = 0.25f * static_cast<float>(i % 7) - 0.5f;
        array.bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    return array;
}

Array bytes(std::string values) {
    Array array{.type = TypeClass::integer, .element_bytes = 1};
    array.is_signed = false;
    array.extents = {values.size()};
    array.bytes = std::move(values);
    return array;
}

// Adds what is named by a path.
class Builder {
public:
    Builder() { tree_.nodes.emplace_back(); }
    Builder& attribute(const std::string& path, std::string name, Array value) {
        const std::size_t node = group(path);
        tree_.nodes[node].attributes.push_back({std::move(name), std::move(value)});
        return *this;
    }
    Builder& dataset(const std::string& path, Array array) {
        const std::size_t cut = path.rfind('/');
        const std::size_t holder = group(cut == std::string::npos ? "" : path.substr(0, cut));
        Node node{.kind = NodeKind::dataset};
        node.stored = count_of(array) * array.element_bytes;
        node.array = std::move(array);
        tree_.nodes.push_back(std::move(node));
        tree_.nodes[holder].links.push_back({.name = path.substr(cut + 1), .kind = LinkClass::hard, .node = tree_.nodes.size() - 1, .target = ""});
        return *this;
    }
    std::string encoded() const { return encode(tree_); }

private:
    std::size_t group(const std::string& path) {
        std::size_t here = 0;
        for (std::size_t start = 0; start < path.size();) {
            const std::size_t end = std::min(path.find('/', start), path.size());
            const std::string name = path.substr(start, end - start);
            std::size_t next = 0;
            for (const Link& link : tree_.nodes[here].links)
                if (link.name == name) next = link.node;
            if (next == 0) {
                next = tree_.nodes.size();
                tree_.nodes.emplace_back();
                tree_.nodes[here].links.push_back({.name = name, .kind = LinkClass::hard, .node = next, .target = ""});
            }
            here = next;
            start = end + 1;
        }
        return here;
    }
    Tree tree_;
};

constexpr const char* sequential = R"({"class_name":"Sequential","config":{"name":"s","layers":[
{"class_name":"Conv2D","config":{"name":"c","batch_input_shape":[null,4,4,1],"filters":2,"kernel_size":[3,3],"strides":[1,1],"padding":"same","data_format":"channels_last",
"dilation_rate":[1,1],"activation":"relu","use_bias":true,"kernel_regularizer":{"class_name":"L1L2","config":{"l1":0.0,"l2":0.01}}}},
{"class_name":"BatchNormalization","config":{"name":"b","axis":[3],"momentum":0.99,"epsilon":0.001,"center":true,"scale":true}},
{"class_name":"MaxPooling2D","config":{"name":"p","pool_size":[2,2],"padding":"valid","strides":[2,2],"data_format":"channels_last"}},
{"class_name":"Flatten","config":{"name":"f","data_format":"channels_last"}},
{"class_name":"Dropout","config":{"name":"o","rate":0.5}},
{"class_name":"Dense","config":{"name":"d","units":3,"activation":"softmax","use_bias":true}}]}})";

constexpr const char* functional = R"({"class_name":"Functional","config":{"name":"m","layers":[
{"class_name":"InputLayer","name":"i","config":{"name":"i","batch_input_shape":[null,5],"dtype":"int32"},"inbound_nodes":[]},
{"class_name":"Embedding","name":"e","config":{"name":"e","input_dim":7,"output_dim":2,"mask_zero":true},"inbound_nodes":[[["i",0,0,{}]]]},
{"class_name":"Bidirectional","name":"w","config":{"name":"w","merge_mode":"concat","layer":{"class_name":"LSTM","config":{"name":"l","units":2,"activation":"tanh",
"recurrent_activation":"sigmoid","use_bias":true,"return_sequences":true}}},"inbound_nodes":[[["e",0,0,{}]]]},
{"class_name":"Sequential","name":"n","config":{"name":"n","layers":[{"class_name":"TimeDistributed","config":{"name":"t","batch_input_shape":[null,5,4],
"layer":{"class_name":"Dense","config":{"name":"q","units":4,"activation":"linear","use_bias":false}}}}]},"inbound_nodes":[[["w",0,0,{}]]]},
{"class_name":"Add","name":"a","config":{"name":"a"},"inbound_nodes":[[["w",0,0,{}],["n",1,0,{}]]]},
{"class_name":"GlobalAveragePooling1D","name":"g","config":{"name":"g"},"inbound_nodes":[[["a",0,0,{}]]]}],
"input_layers":[["i",0,0]],"output_layers":[["g",0,0]]}})";

constexpr const char* three = R"({"module":"keras","class_name":"Functional","config":{"name":"m","layers":[
{"class_name":"InputLayer","config":{"batch_shape":[null,4],"dtype":"float32","name":"i"},"name":"i","inbound_nodes":[]},
{"class_name":"Dense","config":{"name":"d","units":2,"activation":"relu","use_bias":true},"name":"d","inbound_nodes":[{"args":[{"class_name":"__keras_tensor__",
"config":{"shape":[null,4],"dtype":"float32","keras_history":["i",0,0]}}],"kwargs":{}}]}],"input_layers":[["i",0,0]],"output_layers":[["d",0,0]]},
"compile_config":{"loss":"categorical_crossentropy","optimizer":{"class_name":"Adam","config":{"learning_rate":0.001}}}})";

constexpr const char* graph = R"({"version":1,"nodes":[{"name":"x","kind":"input","layer":"x","class":"Input","inputs":[],"attributes":{"shape":[2],"dtype":"float32"},"parameters":[]},
{"name":"f","kind":"dense","layer":"f","class":"Linear","inputs":["x"],"attributes":{"units":3,"use_bias":true},"parameters":["f/kernel","f/bias"]}],"inputs":["x"],"outputs":["f"],
"parameters":[{"name":"f/kernel","layer":"f","class":"Linear","role":"kernel","shape":[2,3],"trainable":true,"source":"f.weight"},
{"name":"f/bias","layer":"f","class":"Linear","role":"bias","shape":[3],"trainable":true,"source":"f.bias"}],
"preprocessing":{"scale":0.5,"mean":[0.5],"deviation":[0.25]},"training":{"loss":"cross_entropy","from_logits":true,"optimizer":{"class_name":"SGD","config":{"learning_rate":0.1}},
"regularisers":[{"parameter":"f/kernel","l2":0.00025}],"framework":"torch","framework_version":"2.9.1"},"exporter":"assay-export 0.1.0"})";

Builder& add_layers(Builder& file, const std::string& at, bool recurrent) {
    const auto layer = [&](const std::string& name, const std::vector<std::pair<std::string, std::vector<std::uint64_t>>>& arrays) {
        std::vector<std::string> names;
        for (const auto& [array, extents] : arrays) {
            file.dataset(at + name + "/" + name + "/" + array, numbers(extents));
            names.push_back(name + "/" + array);
        }
        file.attribute(at + name, "weight_names", text(names));
    };
    if (recurrent) {
        layer("e", {{"embeddings:0", {7, 2}}});
        layer("w", {{"forward_l/kernel:0", {2, 8}}, {"forward_l/recurrent_kernel:0", {2, 8}}, {"forward_l/bias:0", {8}}, {"backward_l/kernel:0", {2, 8}}, {"backward_l/recurrent_kernel:0", {2, 8}},
                    {"backward_l/bias:0", {8}}});
        layer("n", {{"t/kernel:0", {4, 4}}});
    } else {
        layer("c", {{"kernel:0", {3, 3, 1, 2}}, {"bias:0", {2}}});
        layer("b", {{"gamma:0", {2}}, {"beta:0", {2}}, {"moving_mean:0", {2}}, {"moving_variance:0", {2}}});
        layer("d", {{"kernel:0", {8, 3}}, {"bias:0", {3}}});
    }
    const std::string holder = at.empty() ? "" : at.substr(0, at.size() - 1);
    file.attribute(holder, "layer_names", text(recurrent ? std::vector<std::string>{"i", "e", "w", "n", "a", "g"} : std::vector<std::string>{"c", "b", "p", "f", "o", "d"}));
    for (const char* empty : {"i", "a", "g", "p", "f", "o"})
        if ((std::strchr("iag", *empty) != nullptr) == recurrent) file.attribute(at + empty, "weight_names", numbers({0}, TypeClass::floating, 8));
    return file.attribute(holder, "backend", text({"tensorflow"}, false)).attribute(holder, "keras_version", text({"2.4.0"}, false));
}

std::string whole(const char* config, bool recurrent) {
    Builder file;
    file.attribute("", "model_config", text({config}, false)).attribute("", "keras_version", text({"2.4.0"}, false)).attribute("", "backend", text({"tensorflow"}, false));
    file.attribute("", "training_config", text({R"({"loss":"categorical_crossentropy","optimizer_config":{"class_name":"SGD","config":{"lr":0.01}}})"}, false));
    return add_layers(file, "model_weights/", recurrent).encoded();
}

Builder keras_three() {
    Builder file;
    file.dataset("layers/dense/vars/0", numbers({4, 2})).dataset("layers/dense/vars/1", numbers({2})).attribute("layers/dense/vars", "name", text({"d"}, false));
    return file;
}

Builder torch() {
    Builder file;
    for (const auto& [name, extents] : std::vector<std::pair<std::string, std::vector<std::uint64_t>>>{
             {"features.0.weight", {2, 1, 3, 3}}, {"features.0.bias", {2}}, {"features.1.weight", {2}}, {"features.1.bias", {2}}, {"features.1.running_mean", {2}}, {"features.1.running_var", {2}},
             {"embedding.weight", {5, 2}}, {"rnn.weight_ih_l0", {8, 2}}, {"rnn.weight_hh_l0", {8, 2}}, {"fc.weight", {3, 8}}, {"fc.bias", {3}}})
        file.dataset(name, numbers(extents));
    return file.dataset("features.1.num_batches_tracked", numbers({}, TypeClass::integer, 8));
}

// A tf.train.Example of two float tensors, in protobuf's encoding; a field is its number and its bytes.
std::string record() {
    const auto field = [](int number, const std::string& value) { return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(value.size())} + value; };
    const auto tensor = [&](int extent) {
        const std::string dim = field(2, std::string{8, static_cast<char>(extent)});
        return std::string{8, 1} + field(2, dim) + field(4, std::string(4 * static_cast<std::size_t>(extent), '\0'));
    };
    const auto feature = [&](const std::string& name, const std::string& value) { return field(1, field(1, name) + field(2, field(1, field(1, value)))); };
    return field(1, feature("inputs", tensor(3)) + feature("output", tensor(1)));
}

}  // namespace

std::vector<std::string> seeds(std::string_view target) {
    Builder file;
    if (target == "assay_graph") {
        file.attribute("", "assay_format", text({"assay-graph"}, false)).dataset("graph", bytes(graph));
        return {file.dataset("parameters/f/kernel", numbers({2, 3})).dataset("parameters/f/bias", numbers({3})).encoded()};
    }
    if (target == "keras_h5") return {whole(sequential, false), whole(functional, true)};
    if (target == "keras_zip")
        return {keras_three().attribute("", "config.json", text({three}, false)).attribute("", "metadata.json", text({R"({"keras_version":"3.8.0"})"}, false)).encoded()};
    if (target == "keras_weights") return {add_layers(file, "", false).encoded()};
    if (target == "keras_architecture")
        return {add_layers(file, "", true).attribute("", "architecture", text({functional}, false)).encoded(), keras_three().attribute("", "architecture", text({three}, false)).encoded()};
    if (target == "pgdl")
        return {file.attribute("", "layer_names", text({"d"})).attribute("d", "weight_names", text({"kernel:0", "bias:0"})).dataset("d/kernel:0", numbers({3, 4})).dataset("d/bias:0", numbers({4}))
                    .attribute("", "architecture", text({R"({"model_config":[{"layer_name":"Dense","units":4,"activation":"relu"}],"input_shape":[3]})"}, false)).encoded()};
    if (target == "keras_three_weights") return {keras_three().encoded()};
    if (target == "keras_numbered_weights") {
        Array one = numbers({}, TypeClass::integer, 8), two = one;
        one.bytes = '\1';
        two.bytes = '\2';
        return {file.attribute("", "nb_layers", one).attribute("layer_0", "nb_params", two).dataset("layer_0/param_0", numbers({2, 3})).dataset("layer_0/param_1", numbers({3})).encoded()};
    }
    if (target == "torch_h5") return {torch().encoded()};
    if (target == "other_weights")
        return {keras_three().attribute("", "like", text({keras_three().encoded()}, false)).encoded(), torch().attribute("", "like", text({torch().encoded()}, false)).encoded(),
                add_layers(file, "", false).attribute("", "like", text({whole(sequential, false)}, false)).encoded()};
    if (target == "data_set") {
        Builder several;
        file.dataset("train/x", numbers({4, 3})).dataset("train/y", numbers({4}, TypeClass::integer, 1)).dataset("test/x", numbers({2, 3}, TypeClass::integer, 1)).dataset("test/y", numbers({2, 2}));
        several.dataset("test/x/left", numbers({2, 2, 2, 1}, TypeClass::integer, 2)).dataset("test/x/right", numbers({2}, TypeClass::floating, 4)).dataset("x", numbers({2, 3}));
        return {file.encoded(), several.dataset("left", numbers({2, 2})).dataset("right", numbers({2})).encoded()};
    }
    if (target == "tfrecord") return {std::string(1, '\0') + static_cast<char>(record().size()) + '\0' + record()};
    if (target == "masks") {
        Array schema = numbers({}, TypeClass::integer, 8), sparsity = numbers({}, TypeClass::floating, 8);
        schema.bytes = '\1';
        return {file.attribute("", "assay_mask_schema", schema).attribute("", "method", text({"magnitude"}, false)).attribute("", "sparsity", sparsity).attribute("", "seed", schema)
                    .dataset("dense/kernel", bytes(std::string("\0\1\1\0", 4))).encoded()};
    }
    if (target == "lzf") return {std::string("\x08\0\0\x07", 4) + "abcdefgh", std::string("\x10\0\0\x01", 4) + "ab\xe0\x05\x01"};
    if (target == "any_bytes") return {"", torch().encoded(), whole(sequential, false), "PK\x03\x04", "version https://git-lfs.github.com/spec/v1\n", "\x80\x02}q\x01.", "{}"};
    throw std::invalid_argument("no seeds for " + std::string(target));
}

}  // namespace assay::fuzz
