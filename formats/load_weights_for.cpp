// Another file of weights for a known model: matched by position, role and shape, because names differ from run to run.

#include "formats/assay_graph.hpp"
#include "formats/candidate.hpp"
#include "formats/format.hpp"
#include "formats/keras_cudnn.hpp"
#include "formats/keras_three.hpp"
#include "formats/keras_weights_h5.hpp"
#include "formats/keras_zip.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace assay::formats {
namespace {

using keras::StoredTensor;

std::string part_and_role(const std::string& name) {   // "query/kernel" of "m/query/kernel:0"
    const std::size_t role = name.rfind('/'), part = role == std::string::npos || role == 0 ? std::string::npos : name.rfind('/', role - 1);
    return name.substr(part == std::string::npos ? 0 : part + 1, name.rfind(':') == std::string::npos ? std::string::npos : name.rfind(':') - (part == std::string::npos ? 0 : part + 1));
}

// What is frozen inside an attention stands last in the file, and no config says so: its names do.
void by_part(const model::Model& like, const keras::StoredLayer& layer, std::size_t first, std::vector<std::size_t>& order) {
    std::map<std::string, std::size_t> parameters;
    for (std::size_t k = first; k < order.size(); ++k) {
        if (like.parameters[order[k]].layer_class != "MultiHeadAttention") return;
        parameters[part_and_role(like.parameters[order[k]].name)] = order[k];
    }
    std::vector<std::size_t> named;
    for (const StoredTensor& tensor : layer.tensors)
        if (const auto found = parameters.find(part_and_role(tensor.name)); found != parameters.end()) named.push_back(found->second);
    if (parameters.size() != layer.tensors.size() || std::set(named.begin(), named.end()).size() != layer.tensors.size()) return;   // other names
    std::copy(named.begin(), named.end(), order.begin() + static_cast<std::ptrdiff_t>(first));
}

// The parameters of each of the file's layers. The older layouts have the trainable ones of a layer first, which those of a nested or
// composite layer are not in the model's order; Keras 3's groups are.
std::vector<std::size_t> stored_order(const model::Model& like, const keras::StoredWeights& stored) {
    std::vector<std::size_t> order;
    for (const keras::StoredLayer& layer : stored.layers) {
        const std::size_t first = order.size(), last = std::min(first + layer.tensors.size(), like.parameters.size());
        for (const bool trainable : {true, false})
            for (std::size_t i = first; i < last; ++i)
                if (stored.one_a_layer ? trainable : like.parameters[i].trainable == trainable) order.push_back(i);
        if (!stored.one_a_layer) by_part(like, layer, first, order);
    }
    return order;
}

// Where Keras 3 keeps them: the file's groups are found by counting classes.
std::vector<keras::Place> places_of(const model::Model& like, const std::filesystem::path& path) {
    std::vector<keras::Place> layers;
    std::map<std::string, int> counted;
    for (const model::Parameter& parameter : like.parameters) {
        if (parameter.layer_class.empty())
            throw Error(ErrorKind::unsupported, {path.string(), "a model whose classes of layers are known", "a model without an architecture",
                                                 "Groups of a Keras 3 weights file are named after classes."});
        if (!layers.empty() && layers.back().layer == parameter.layer) continue;
        const std::string base = keras::snake_case(parameter.layer_class);
        const int number = counted[base]++;
        layers.push_back({parameter.layer, number == 0 ? base : base + "_" + std::to_string(number)});
    }
    return layers;
}

// "dense_1/vars/0" of "m.keras:/layers/dense_1/vars/0": names that changed from one Keras 3 to another are made alike.
std::string place_of(const std::string& path) {
    const std::size_t root = path.find(":/");
    std::string place;
    std::string part;
    for (const char c : path.substr(root == std::string::npos ? 0 : root + 2) + "/") {
        if (c != '/' && c != '\\') {
            part += c;
            continue;
        }
        if (!part.empty() && part != "cell") place += (place.empty() ? "" : "/") + part.substr(part[0] == '_' ? 1 : 0);
        part.clear();
    }
    return place;
}

// Two files of Keras 3 keep the same weight at the same place. One stored layer for all parameters, or nothing where a place is missing.
std::optional<keras::StoredWeights> at_the_same_places(const model::Model& like, std::vector<keras::NumberedGroup>& groups) {
    std::map<std::string, StoredTensor*> places;
    std::size_t count = 0;
    for (keras::NumberedGroup& group : groups)
        for (StoredTensor& tensor : group.tensors) {
            places[place_of(tensor.path)] = &tensor;
            ++count;
        }
    std::set<StoredTensor*> wanted;
    std::vector<StoredTensor*> in_order;
    for (const model::Parameter& parameter : like.parameters)
        if (const auto found = places.find(place_of(parameter.path)); found != places.end() && wanted.insert(found->second).second) in_order.push_back(found->second);
    if (in_order.size() != like.parameters.size() || count != like.parameters.size()) return std::nullopt;
    keras::StoredWeights stored;
    stored.one_a_layer = true;
    stored.layers.emplace_back();
    for (StoredTensor* tensor : in_order) stored.layers.front().tensors.push_back(std::move(*tensor));
    return stored;
}

keras::StoredWeights read_keras_three(const model::Model& like, const hdf5::File& file, const std::filesystem::path& path) {
    std::vector<keras::NumberedGroup> groups = keras::read_keras_three(file);
    if (std::optional<keras::StoredWeights> same = at_the_same_places(like, groups)) return std::move(*same);
    keras::StoredWeights stored = keras::by_place(std::move(groups), places_of(like, path));
    for (const keras::StoredLayer& layer : stored.layers) {
        static constexpr std::string_view known[] = {"forward_layer", "backward_layer", "query_dense", "key_dense", "value_dense", "output_dense"};
        std::set<std::string> unknown;   // groups whose order is only that of their names
        for (const StoredTensor& tensor : layer.tensors)
            if (std::find(std::begin(known), std::end(known), tensor.group.substr(tensor.group.rfind('/') + 1)) == std::end(known)) unknown.insert(tensor.group);
        if (unknown.size() > 1)
            throw Error(ErrorKind::unsupported, {path.string() + " layer " + layer.name, "weights whose order the file tells", "groups named after classes: " + *unknown.begin() + ", " + *unknown.rbegin(),
                                                 "Give a whole model, .keras or .h5, instead."});
    }
    return stored;
}

keras::StoredWeights read_stored(const model::Model& like, Candidate& candidate) {
    const std::filesystem::path& path = candidate.path();
    if (keras::is_archive(candidate)) return read_keras_three(like, keras::open_archive(candidate).weights, path);
    const hdf5::File& file = candidate.hdf5();
    if (keras::is_whole_model(file)) return keras::read_weights(file, file.group("model_weights"));
    if (keras::is_weights_only(file)) return keras::read_weights(file, file);
    if (keras::is_keras_three(file)) return read_keras_three(like, file, path);
    if (keras::is_numbered(file)) return keras::read_numbered(file);
    throw Error(ErrorKind::format, {path.string(), "Keras weights", "an HDF5 file without them"});
}

void check_same(const model::Model& like, std::size_t position, const std::string& where, model::Role role) {
    const model::Parameter& parameter = like.parameters[position];
    const bool same = role == parameter.role || (role == model::Role::kernel && parameter.role == model::Role::depthwise_kernel);   // as Keras 3 says
    if (role != model::Role::other && parameter.role != model::Role::other && !same)
        throw Error(ErrorKind::format, {where, "the " + std::string(to_string(parameter.role)) + " of layer " + parameter.layer, "a " + std::string(to_string(role)),
                                        "The two files are of different architectures."});
}

void check_count(const model::Model& like, const std::filesystem::path& path, std::size_t count) {
    if (count != like.parameters.size())
        throw Error(ErrorKind::format, {path.string(), std::to_string(like.parameters.size()) + " weights, as in " + like.path, std::to_string(count),
                                        "The two files are of different architectures."});
}

// An archive tells its own layers, and becomes canonical by itself.
model::Weights weights_of_archive(const model::Model& like, const std::filesystem::path& path) {
    model::Model other = load_model(path);
    check_count(like, path, other.parameters.size());
    for (std::size_t i = 0; i < other.parameters.size(); ++i) {
        check_same(like, i, path.string() + " " + other.parameters[i].name, other.parameters[i].role);
        if (other.parameters[i].shape != like.parameters[i].shape)
            throw Error(ErrorKind::format, {path.string() + " " + other.parameters[i].name, "shape " + to_string(like.parameters[i].shape), "shape " + to_string(other.parameters[i].shape),
                                            "The two files are of different architectures."});
    }
    return std::move(other.weights);
}

}  // namespace

model::Weights load_weights_for(const model::Model& like, const std::filesystem::path& path) {
    Candidate candidate(path);
    if (candidate.has_hdf5_signature() && graph::is_assay_graph(candidate.hdf5())) return graph::weights_for(like, candidate.hdf5());
    if (like.architecture && keras::is_archive(candidate)) return weights_of_archive(like, path);
    keras::StoredWeights stored = read_stored(like, candidate);
    std::vector<StoredTensor*> tensors;
    for (keras::StoredLayer& layer : stored.layers)
        for (StoredTensor& tensor : layer.tensors) tensors.push_back(&tensor);
    check_count(like, path, tensors.size());
    const std::vector<std::size_t> order = stored_order(like, stored);
    model::Weights weights(like.parameters.size());
    for (std::size_t k = 0; k < tensors.size(); ++k) {
        const model::Parameter& parameter = like.parameters[order[k]];
        StoredTensor& tensor = *tensors[k];
        check_same(like, order[k], path.string() + " " + tensor.name, keras::role_of_name(tensor.name));
        const bool wrapped = parameter.layer_class == "TimeDistributed" && parameter.shape.size() > 2;   // around a convolution
        if ((wrapped || parameter.layer_class.find("Conv") != std::string::npos) && parameter.name.ends_with("kernel"))
            keras::make_canonical(tensor.tensor, stored, wrapped ? "Conv2D" : parameter.layer_class, tensor.tensor.shape != parameter.shape);
        keras::join_axes(tensor.tensor, parameter);
        if (parameter.layer_class == "CuDNNLSTM" || parameter.layer_class == "CuDNNGRU") keras::convert_cudnn(tensor.tensor, parameter.role, parameter.layer_class == "CuDNNLSTM");
        keras::check_shape(tensor, parameter.shape, parameter.layer);
        weights[order[k]] = std::move(tensor.tensor);
    }
    return weights;
}

}  // namespace assay::formats
