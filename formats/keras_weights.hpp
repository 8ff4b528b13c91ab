#pragma once
// The arrays of a Keras HDF5 file in the order that its attributes declare, and what makes them canonical.

#include "formats/hdf5.hpp"
#include "formats/keras_layer.hpp"

namespace assay::formats::keras {

struct StoredTensor {
    std::string name;   ///< "conv2d_1/kernel:0"
    std::string path;   ///< in the file
    model::Tensor tensor;
    std::string group = {};   ///< Keras 3: as WeightSpec::group
};

struct StoredLayer {
    std::string name;
    std::vector<StoredTensor> tensors;   ///< in the order of weight_names
};

struct StoredWeights {
    std::vector<StoredLayer> layers;   ///< in the order of layer_names, those without weights too
    bool one_a_layer = false;   ///< `layers` are the graph's, one by one, those of nested models too; else they meet by position
    std::string backend, keras_version;
    bool version_one = false;   ///< Keras 1: no keras_version beside the weights, older layouts of kernels
    bool theano = false;        ///< kernels are convolved, not correlated: their spatial axes are reversed
    std::vector<std::string> notes;
};

/// Whether the group lists layers, as the root of a weights-only file and model_weights of a whole one do.
bool has_layer_list(const hdf5::Group& group);

/// Reads layer_names and weight_names; link order and optimizer_weights are never looked at. @throws Error{format} naming a missing layer.
StoredWeights read_weights(const hdf5::File& file, const hdf5::Group& group);

/// Keras before version 1: layer_0/param_0, ... with their counts in attributes nb_layers and nb_params.
bool is_numbered(const hdf5::File& file);
StoredWeights read_numbered(const hdf5::File& file);   ///< @throws Error{format} where fewer lie there than are counted

/// Reads one array of a file whose arrays may take `budget` bytes in all; takes its share from it.
model::Tensor read_tensor(const hdf5::Dataset& dataset, std::uint64_t& budget);
std::uint64_t weight_budget(const hdf5::File& file);   ///< 4 GiB, or a thousand times the file's size

/// What a weight's name says: kernel, bias, ...; Keras 1's W, b, running_std too.
model::Role role_of_name(const std::string& weight_name);
std::string last_component(const std::string& weight_name);   ///< "kernel" of "a/b/kernel:0"

/// A convolution's kernel as the canonical layout has it, spatial axes first and correlated: undoes Keras 1's order of axes, which
/// depends on the class ("Conv2D", "Conv2DTranspose", ...), and Theano's flip.
void make_canonical(model::Tensor& kernel, const StoredWeights& stored, const std::string& layer_class, bool channels_first);

/// The axes of a tensor in another order: axis i of the result is axis order[i]; those among the first `flipped` are reversed.
void permute_tensor(model::Tensor& tensor, const std::vector<std::size_t>& order, std::size_t flipped = 0);

/// The array of a layer whose axes of heads, or of several inputs or outputs, are one in the canonical array: the same values under that shape.
void join_axes(model::Tensor& tensor, const model::Parameter& canonical);

/// Throws Error{format} naming the layer unless the shape fits (-1 fits all).
void check_shape(const StoredTensor& stored, const Shape& expected, const std::string& layer);

}  // namespace assay::formats::keras
