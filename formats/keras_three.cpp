#include "formats/keras_three.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

namespace assay::formats::keras {
namespace {

constexpr const char* old_container = "_layer_checkpoint_dependencies";   // Keras 2.13
constexpr int deepest = 32;
constexpr int most_searched = 100'000;   // links looked at until a file is none of Keras 3

std::optional<std::size_t> as_index(std::string_view name) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return index;
}

// "dense_10" is {"dense", 11}, "dense" is {"dense", 0}: by number, not by letter.
std::pair<std::string, std::size_t> split_number(const std::string& name) {
    const std::size_t cut = name.rfind('_');
    const auto number = cut == std::string::npos ? std::nullopt : as_index(std::string_view(name).substr(cut + 1));
    if (!number || cut == 0) return {name, 0};
    return {name.substr(0, cut), *number + 1};
}

std::vector<std::string> components(const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start <= path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        if (end > start) parts.push_back(path.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

// The parts of a composite layer in the order in which Keras counts their weights; others by letter and number.
std::tuple<int, std::string, std::size_t> order_of(const std::string& name) {
    static constexpr std::string_view parts[] = {"forward_layer", "backward_layer", "query_dense", "key_dense", "value_dense", "output_dense"};
    const std::string_view plain = std::string_view(name).substr(name.starts_with('_') ? 1 : 0);
    int rank = 0;
    for (std::size_t i = 0; i < std::size(parts); ++i)
        if (plain == parts[i]) rank = static_cast<int>(i) + 1;
    const auto [base, number] = split_number(name);
    return {rank, base, number};
}

struct ByOrder {
    bool operator()(const std::string& a, const std::string& b) const { return order_of(a) < order_of(b); }
};

// The file's groups as a tree, whatever separated the parts of their names.
struct Tree {
    std::map<std::string, Tree, ByOrder> children;
    std::string name;                       // the layer's own, where the file tells it (from Keras 3.8 on)
    std::vector<hdf5::Dataset> arrays;
};

class Walk {
public:
    // Windows wrote groups called "layers\dense" and "layers\lstm\cell", side by side.
    void add(const hdf5::Group& group, const std::vector<std::string>& path, int depth, Tree& root) {
        if (depth > deepest || !seen_.insert(group.address()).second)
            throw Error(ErrorKind::format, {group.where(), "a tree of groups", "a circle, or more than 32 levels"});
        for (const std::string& link : group.names()) {
            const std::optional<hdf5::Group> inner = group.find_group(link);
            if (!inner) continue;
            std::string slashed = link;
            std::replace(slashed.begin(), slashed.end(), '\\', '/');
            std::vector<std::string> below = path;
            for (std::string& part : components(slashed)) below.push_back(part == old_container ? "layers" : std::move(part));
            if (below.empty() || is_foreign(below)) continue;
            if (below.back() == "vars") {
                below.pop_back();
                take(*inner, node(root, below));
            } else {
                renumber_ = renumber_ || slashed.find(old_container) != std::string::npos;
                node(root, below);
                add(*inner, below, depth + 1, root);
            }
        }
    }
    bool renumber() const { return renumber_; }

private:
    static Tree& node(Tree& root, const std::vector<std::string>& path) {
        Tree* here = &root;
        for (const std::string& part : path) here = &here->children[part];
        return *here;
    }

    // What is no weight: the optimizer's state, counters of metrics, states of random generators.
    static bool is_foreign(const std::vector<std::string>& path) {
        static constexpr std::string_view roots[] = {"optimizer", "metrics", "loss_tracker", "compile_metrics", "_metrics", "_compile_metrics"};
        return std::find(std::begin(roots), std::end(roots), path.front()) != std::end(roots) || path.back().ends_with("seed_generator");
    }

    static void take(const hdf5::Group& vars, Tree& into) {
        if (vars.has_attribute("name")) into.name = vars.text("name");
        std::vector<std::size_t> indices;
        for (const std::string& name : vars.names())
            if (const auto index = as_index(name)) indices.push_back(*index);
        std::sort(indices.begin(), indices.end());
        for (std::size_t i = 0; i < indices.size(); ++i) {
            if (indices[i] != i) throw Error(ErrorKind::format, {vars.where(), "arrays numbered 0, 1, 2, ...", "no array " + std::to_string(i)});
            into.arrays.push_back(vars.dataset(std::to_string(i)));
        }
    }

    std::set<std::uint64_t> seen_;
    bool renumber_ = false;
};

// Keras 2.13 went over layers with weights twice, which leaves gaps in the numbers: the order alone counts.
void close_gaps(Tree& tree, bool container) {
    std::map<std::string, Tree, ByOrder> closed;
    std::map<std::string, std::size_t> counted;
    for (auto& [name, child] : tree.children) {
        close_gaps(child, name == "layers");
        const std::string base = split_number(name).first;
        const std::size_t number = container ? counted[base]++ : 0;
        const std::string renamed = !container ? name : number == 0 ? base : base + "_" + std::to_string(number);
        closed[renamed] = std::move(child);
    }
    tree.children = std::move(closed);
}

// What the arrays of a group are called in Keras, where its class is known or their shapes leave no doubt.
std::vector<std::string> names_of(const std::vector<std::string>& path, const Tree& group) {
    using Names = std::vector<std::string>;
    static const std::map<std::string, Names> known = {{"dense", {"kernel", "bias"}}, {"einsum_dense", {"kernel", "bias"}}, {"conv1d", {"kernel", "bias"}},
        {"conv2d", {"kernel", "bias"}}, {"conv3d", {"kernel", "bias"}}, {"conv1d_transpose", {"kernel", "bias"}}, {"conv2d_transpose", {"kernel", "bias"}},
        {"conv3d_transpose", {"kernel", "bias"}}, {"depthwise_conv1d", {"depthwise_kernel", "bias"}}, {"depthwise_conv2d", {"depthwise_kernel", "bias"}},
        {"separable_conv1d", {"depthwise_kernel", "pointwise_kernel", "bias"}}, {"separable_conv2d", {"depthwise_kernel", "pointwise_kernel", "bias"}},
        {"embedding", {"embeddings"}}, {"simple_rnn", {"kernel", "recurrent_kernel", "bias"}}, {"gru", {"kernel", "recurrent_kernel", "bias"}},
        {"lstm", {"kernel", "recurrent_kernel", "bias"}}, {"cell", {"kernel", "recurrent_kernel", "bias"}}, {"conv_lstm2d", {"kernel", "recurrent_kernel", "bias"}}, {"p_re_lu", {"alpha"}}};
    const std::size_t count = group.arrays.size();
    const auto rank = [&](std::size_t i) { return group.arrays[i].shape().size(); };
    std::vector<std::string> classes;   // the innermost first: "cell" of "lstm" is an lstm
    for (auto part = path.rbegin(); part != path.rend() && *part != "layers"; ++part) classes.push_back(split_number(*part).first);
    if (!group.name.empty()) classes.push_back(split_number(group.name).first);
    for (std::string name : classes) {
        if (name == "cell" && count < 2) continue;
        if (name.ends_with("_dense") && name != "einsum_dense") name = "dense";
        if (name.ends_with("_cell")) name.resize(name.size() - 5);
        if (const auto row = known.find(name); row != known.end() && count <= row->second.size()) {
            Names names(row->second.begin(), row->second.begin() + static_cast<std::ptrdiff_t>(count));
            if (name.starts_with("separable") && count == 2) names = {"depthwise_kernel", "pointwise_kernel"};
            return names;
        }
        if (name == "batch_normalization" && count == 4) return {"gamma", "beta", "moving_mean", "moving_variance"};
        if (name == "batch_normalization" && count == 2) return {"moving_mean", "moving_variance"};
        if ((name == "layer_normalization" || name == "group_normalization") && count == 2) return {"gamma", "beta"};
    }
    if (count == 2 && rank(0) >= 2 && rank(1) == 1 && group.arrays[0].shape().back() == group.arrays[1].shape()[0]) return {"kernel", "bias"};
    Names numbers;
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(std::to_string(i));
    return numbers;
}

void flatten(const Tree& tree, const std::vector<std::string>& path, std::uint64_t& budget, std::vector<NumberedGroup>& into) {
    if (!tree.arrays.empty()) {
        NumberedGroup group;
        for (const std::string& part : path) group.place += (group.place.empty() ? "" : "/") + part;
        const std::vector<std::string> names = names_of(path, tree);
        for (std::size_t i = 0; i < names.size(); ++i)
            group.tensors.push_back({names[i], tree.arrays[i].where(), read_tensor(tree.arrays[i], budget)});
        into.push_back(std::move(group));
    }
    for (const auto& [name, child] : tree.children) {
        std::vector<std::string> below = path;
        if (!path.empty() || name != "layers") below.push_back(name);   // the model's own container goes without saying
        flatten(child, below, budget, into);
    }
}

// Each group is looked at once: a few links that lead back would else be followed in every order.
bool has_numbered_arrays(const hdf5::Group& group, int depth, std::set<std::uint64_t>& seen, int& left) {
    if (depth > 8 || !seen.insert(group.address()).second) return false;
    for (const std::string& name : group.names()) {
        if (--left < 0) return false;
        const std::optional<hdf5::Group> below = group.find_group(name);
        if (!below) continue;
        if (name == "vars" ? below->has_dataset("0") : has_numbered_arrays(*below, depth + 1, seen, left)) return true;
    }
    return false;
}

}  // namespace

bool is_keras_three(const hdf5::File& file) {
    if (file.has_attribute("model_config") || has_layer_list(file)) return false;
    int left = most_searched;
    std::set<std::uint64_t> seen;
    return has_numbered_arrays(file, 0, seen, left);
}

std::vector<NumberedGroup> read_keras_three(const hdf5::File& file) {
    Tree root;
    Walk walk;
    walk.add(file, {}, 0, root);
    if (walk.renumber()) close_gaps(root, false);
    std::uint64_t budget = weight_budget(file);
    std::vector<NumberedGroup> groups;
    flatten(root, {}, budget, groups);
    return groups;
}

namespace {

// "_query_dense" is "query_dense", "forward_layer/cell" is "forward_layer": names that changed, and the cell of a recurrent layer.
std::string plain_group(const std::string& below) {
    std::string plain;
    std::vector<std::string> parts = components(below);
    if (!parts.empty() && parts.back() == "cell") parts.pop_back();
    for (const std::string& part : parts) plain += (plain.empty() ? "" : "/") + part.substr(part.starts_with('_') ? 1 : 0);
    return plain;
}

// Array names below a layer: "kernel", "att/key_dense/kernel"; the cell of a recurrent layer is the layer.
void move_into(NumberedGroup& group, std::size_t layer_length, StoredLayer& layer) {
    std::string below = group.place.size() > layer_length ? group.place.substr(layer_length + 1) : "";
    const std::string plain = plain_group(below);
    if (below == "cell") below.clear();
    for (StoredTensor& tensor : group.tensors) {
        tensor.group = plain;
        if (!below.empty()) tensor.name = below + "/" + tensor.name;
        layer.tensors.push_back(std::move(tensor));
    }
}

}  // namespace

StoredWeights without_architecture(std::vector<NumberedGroup> groups) {
    StoredWeights stored;
    for (NumberedGroup& group : groups) {
        // A layer is what follows the last container of layers: the other parts of a place are parts of a layer.
        const std::size_t container = group.place.rfind("layers/");
        const std::size_t start = container == std::string::npos || (container > 0 && group.place[container - 1] != '/') ? 0 : container + 7;
        const std::size_t length = std::min(group.place.find('/', start), group.place.size());
        const std::string name = group.place.substr(0, length);
        if (stored.layers.empty() || stored.layers.back().name != name) stored.layers.push_back({.name = name.empty() ? "model" : name, .tensors = {}});
        move_into(group, length, stored.layers.back());
    }
    return stored;
}

StoredWeights by_place(std::vector<NumberedGroup> groups, const std::vector<Place>& places, bool rest) {
    StoredWeights ordered;
    ordered.one_a_layer = true;
    std::vector<bool> taken(groups.size(), false);
    std::map<std::string, std::vector<std::size_t>> under;   // groups by every prefix of their place, in order
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const std::string& place = groups[i].place;
        for (std::size_t end = place.find('/'); ; end = place.find('/', end + 1)) {
            under[place.substr(0, end)].push_back(i);
            if (end == std::string::npos) break;
        }
    }
    for (const Place& place : places) {
        StoredLayer layer{.name = place.layer, .tensors = {}};
        if (const auto found = under.find(place.place); !place.place.empty() && found != under.end())
            for (const std::size_t i : found->second) {
                if (taken[i]) continue;
                taken[i] = true;
                move_into(groups[i], place.place.size(), layer);
            }
        ordered.layers.push_back(std::move(layer));
    }
    std::vector<NumberedGroup> unclaimed;
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (!taken[i] && groups[i].place.empty())
            ordered.notes.push_back("weights of the model itself, outside its layers, are ignored");
        else if (!taken[i] && rest)
            unclaimed.push_back(std::move(groups[i]));
        else if (!taken[i])
            throw Error(ErrorKind::format, {groups[i].tensors.front().path, "a layer of the model for this group", "none", "The weights do not belong to this architecture."});
    for (StoredLayer& layer : without_architecture(std::move(unclaimed)).layers) {
        ordered.notes.push_back("weights of group " + layer.name + " belong to no layer whose class is known");
        ordered.layers.push_back(std::move(layer));
    }
    return ordered;
}

}  // namespace assay::formats::keras
