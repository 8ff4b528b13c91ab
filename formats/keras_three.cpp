#include "formats/keras_three.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace assay::formats::keras {
namespace {

constexpr const char* old_container = "_layer_checkpoint_dependencies";   // Keras 2.13
constexpr int deepest = 32;

// Windows wrote one group called "layers\dense".
std::string with_slashes(std::string name) {
    std::replace(name.begin(), name.end(), '\\', '/');
    return name;
}

std::optional<std::size_t> as_index(const std::string& name) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return index;
}

// What the n-th array of a class is, where the class is known and has the usual number.
std::string array_name(const std::string& group, std::size_t index, std::size_t count) {
    std::string name = group.substr(0, group.find('/'));
    if (const std::size_t number = name.rfind('_'); number != std::string::npos && as_index(name.substr(number + 1))) name.resize(number);
    using Names = std::vector<const char*>;
    static const std::map<std::string, Names> known = {{"dense", {"kernel", "bias"}}, {"conv1d", {"kernel", "bias"}}, {"conv2d", {"kernel", "bias"}},
        {"conv3d", {"kernel", "bias"}}, {"embedding", {"embeddings"}}, {"simple_rnn", {"kernel", "recurrent_kernel", "bias"}},
        {"gru", {"kernel", "recurrent_kernel", "bias"}}, {"lstm", {"kernel", "recurrent_kernel", "bias"}}};
    const auto row = known.find(name);
    if (row != known.end() && index < row->second.size()) return row->second[index];
    if (name == "batch_normalization" && count == 4) return Names{"gamma", "beta", "moving_mean", "moving_variance"}[index];
    if (name == "layer_normalization" && count == 2) return Names{"gamma", "beta"}[index];
    return std::to_string(index);
}

class Walk {
public:
    explicit Walk(const hdf5::File& file) : budget_(weight_budget(file)) {}

    void collect(const hdf5::Group& group, const std::string& path, int depth, std::vector<StoredTensor>& into) {
        if (depth > deepest || !seen_.insert(group.address()).second)
            throw Error(ErrorKind::format, {group.where(), "a tree of groups", "a circle, or more than 32 levels"});
        std::vector<std::string> names = group.names();
        if (group.has_group("vars")) {
            const hdf5::Group vars = group.group("vars");
            std::vector<std::size_t> indices;
            for (const std::string& name : vars.names())
                if (const auto index = as_index(name)) indices.push_back(*index);
            std::sort(indices.begin(), indices.end());
            for (std::size_t i = 0; i < indices.size(); ++i) {
                if (indices[i] != i) throw Error(ErrorKind::format, {vars.where(), "arrays numbered 0, 1, 2, ...", "no array " + std::to_string(i)});
                const hdf5::Dataset dataset = vars.dataset(std::to_string(i));
                into.push_back({array_name(path, i, indices.size()), dataset.where(), read_tensor(dataset, budget_)});
            }
        }
        for (const std::string& name : names)
            if (name != "vars" && group.has_group(name)) collect(group.group(name), path + "/" + name, depth + 1, into);
    }

private:
    std::uint64_t budget_;
    std::set<std::uint64_t> seen_;
};

}  // namespace

bool is_keras_three(const hdf5::File& file) {
    if (file.has_attribute("model_config") || has_layer_list(file)) return false;
    if (file.has_group("layers") || file.has_group(old_container)) return true;
    for (const std::string& name : file.names())
        if (name.starts_with("layers\\") || name.starts_with(std::string(old_container) + "\\")) return true;
    return false;
}

StoredWeights read_keras_three(const hdf5::File& file) {
    StoredWeights stored;
    Walk walk(file);
    const auto take = [&](const hdf5::Group& group, const std::string& name) {
        StoredLayer layer{.name = name, .tensors = {}};
        walk.collect(group, name, 0, layer.tensors);
        stored.layers.push_back(std::move(layer));
    };
    for (const char* container : {"layers", old_container})
        if (file.has_group(container)) {
            const hdf5::Group layers = file.group(container);
            for (const std::string& name : layers.names())
                if (layers.has_group(name)) take(layers.group(name), name);
        }
    for (const std::string& name : file.names()) {
        const std::string path = with_slashes(name);
        if (path == name || !file.has_group(name)) continue;
        for (const std::string container : {"layers/", "_layer_checkpoint_dependencies/"})
            if (path.starts_with(container)) take(file.group(name), path.substr(container.size()));
    }
    // dense, dense_1, dense_2, ..., dense_10: by number, not by letter
    std::sort(stored.layers.begin(), stored.layers.end(), [](const StoredLayer& a, const StoredLayer& b) {
        const auto key = [](const std::string& name) {
            const std::size_t cut = name.rfind('_');
            const auto number = cut == std::string::npos ? std::nullopt : as_index(name.substr(cut + 1));
            return number ? std::pair{name.substr(0, cut), *number + 1} : std::pair{name, std::size_t{0}};
        };
        return key(a.name) < key(b.name);
    });
    return stored;
}

StoredWeights order_keras_three(const StoredWeights& stored, const std::vector<NamedClass>& layers) {
    StoredWeights ordered;
    ordered.backend = stored.backend;
    std::map<std::string, const StoredLayer*> groups;
    for (const StoredLayer& layer : stored.layers) groups[layer.name] = &layer;
    std::map<std::string, int> counted;
    for (const NamedClass& layer : layers) {
        const std::string base = snake_case(layer.layer_class);
        const int number = counted[base]++;
        const auto found = groups.find(number == 0 ? base : base + "_" + std::to_string(number));
        StoredLayer copy{.name = layer.layer, .tensors = {}};
        if (found != groups.end()) {
            copy.tensors = found->second->tensors;
            groups.erase(found);
        }
        ordered.layers.push_back(std::move(copy));
    }
    for (const auto& [name, layer] : groups)
        if (!layer->tensors.empty())
            throw Error(ErrorKind::format, {layer->tensors.front().path, "a layer of the model for this group", "none", "The weights do not belong to this architecture."});
    return ordered;
}

}  // namespace assay::formats::keras
