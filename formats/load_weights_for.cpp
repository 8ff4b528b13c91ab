// Another file of weights for a known model: matched by position, role and shape, because names differ from run to run.

#include "formats/assay_graph.hpp"
#include "formats/candidate.hpp"
#include "formats/format.hpp"
#include "formats/keras_cudnn.hpp"
#include "formats/keras_three.hpp"
#include "formats/keras_weights_h5.hpp"
#include "formats/keras_zip.hpp"

#include <map>

namespace assay::formats {
namespace {

using keras::StoredTensor;

// The parameters of each of the file's layers, trainable ones first: a nested model's are not in the model's order.
std::vector<std::size_t> stored_order(const model::Model& like, const keras::StoredWeights& stored) {
    std::vector<std::size_t> order;
    for (const keras::StoredLayer& layer : stored.layers) {
        const std::size_t first = order.size(), last = std::min(first + layer.tensors.size(), like.parameters.size());
        for (const bool trainable : {true, false})
            for (std::size_t i = first; i < last; ++i)
                if (like.parameters[i].trainable == trainable) order.push_back(i);
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

keras::StoredWeights read_stored(const model::Model& like, Candidate& candidate) {
    const std::filesystem::path& path = candidate.path();
    if (keras::is_archive(candidate)) {   // it tells its own layers
        const keras::Archive archive = keras::open_archive(candidate);
        return keras::weights_for(keras::read_model_config(archive.config, archive.dialect, path.filename().string() + " config.json"), archive.weights);
    }
    const hdf5::File& file = candidate.hdf5();
    if (keras::is_whole_model(file)) return keras::read_weights(file, file.group("model_weights"));
    if (keras::is_weights_only(file)) return keras::read_weights(file, file);
    if (keras::is_keras_three(file)) return keras::by_place(keras::read_keras_three(file), places_of(like, path));
    if (keras::is_numbered(file)) return keras::read_numbered(file);
    throw Error(ErrorKind::format, {path.string(), "Keras weights", "an HDF5 file without them"});
}

}  // namespace

model::Weights load_weights_for(const model::Model& like, const std::filesystem::path& path) {
    Candidate candidate(path);
    if (candidate.has_hdf5_signature() && graph::is_assay_graph(candidate.hdf5())) return graph::weights_for(like, candidate.hdf5());
    keras::StoredWeights stored = read_stored(like, candidate);
    std::vector<StoredTensor*> tensors;
    for (keras::StoredLayer& layer : stored.layers)
        for (StoredTensor& tensor : layer.tensors) tensors.push_back(&tensor);
    if (tensors.size() != like.parameters.size())
        throw Error(ErrorKind::format, {path.string(), std::to_string(like.parameters.size()) + " weights, as in " + like.path, std::to_string(tensors.size()),
                                        "The two files are of different architectures."});
    const std::vector<std::size_t> order = stored_order(like, stored);
    model::Weights weights(like.parameters.size());
    for (std::size_t k = 0; k < tensors.size(); ++k) {
        const model::Parameter& parameter = like.parameters[order[k]];
        StoredTensor& tensor = *tensors[k];
        const model::Role role = keras::role_of_name(tensor.name);
        const bool same = role == parameter.role || (role == model::Role::kernel && parameter.role == model::Role::depthwise_kernel);   // as Keras 3 says
        if (role != model::Role::other && parameter.role != model::Role::other && !same)
            throw Error(ErrorKind::format, {path.string() + " " + tensor.name, "the " + std::string(to_string(parameter.role)) + " of layer " + parameter.layer,
                                            "a " + std::string(to_string(role)), "The two files are of different architectures."});
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
