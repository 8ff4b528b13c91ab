#pragma once
// Keras' description of a model, in any of its dialects, as one graph: layers with their calls, inputs, outputs.
// formats/README.md has the table of dialects.

#include "libanalysis/core/json.hpp"
#include "libanalysis/core/shape.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assay::formats::keras {

/// What a file says about the program that wrote it.
struct Dialect {
    std::string version;              ///< keras_version, or empty
    std::string backend;              ///< "tensorflow", "theano", ..., or empty
    bool channels_first_default = false;   ///< for layers whose data_format is absent
    int major() const { return version.empty() ? 2 : version[0] - '0'; }
};

/// Output `tensor` of the `node`-th call of `layer`.
struct TensorReference {
    std::string layer;
    std::size_t node = 0;
    std::size_t tensor = 0;
    std::string keyword = {};   ///< the argument that it is given as in a call, where that has a name
    bool operator==(const TensorReference&) const = default;
};

struct Layer {
    std::string name;
    std::string model;        ///< the outermost nested model that it was inlined from, or empty
    /// Where Keras 3 keeps its weights, below the model's `layers`: its class in snake case, numbered among the layers of that class
    /// ("dense_1", "functional/layers/dense"). Empty for an input that is no layer of the file.
    std::string place = {};
    std::string class_name;   ///< without package prefix ("Custom>X" is "X"), Keras 1 names renewed (Convolution2D is Conv2D)
    Json config = Json::object();
    std::vector<std::vector<TensorReference>> calls;   ///< the inputs of every call; an input layer has one call without inputs
    std::vector<Json> keywords = {};                   ///< the named arguments of every call, and as `args` those by place where numbers are among
                                                       ///< them; shorter than `calls`, or null, where there are none
    std::optional<std::uint64_t> shared_object = {};   ///< Keras 3's mark of an object that occurs more than once in a file
};

struct Graph {
    std::vector<Layer> layers;   ///< in the file's order
    std::vector<TensorReference> inputs, outputs;
};

/// Reads {"class_name", "config"} of a Sequential or functional model; models nested in it are inlined.
/// @throws Error{format} naming what is missing, Error{unsupported} for other model classes.
Graph read_model_config(const Json& model, const Dialect& dialect, const std::string& where);

/// Reads {"class_name", "config"} of a layer, such as one that a wrapper holds, without calls. @throws Error{format}
Layer read_layer_config(const Json& layer, const std::string& where);
bool is_model_class(const std::string& class_name);   ///< Sequential, Model, Functional

/// Reads the architecture of the PGDL competition: {"model_config": [{"layer_name": "Dense", ...}], "input_shape": [...]}.
/// Layers have no names there: they take `names` where as many are given, else automatic ones.
Graph read_pgdl_config(const Json& config, const std::string& where, const std::vector<std::string>& names = {});
bool is_pgdl_config(const Json& config);

/// "conv2d" for Conv2D, "max_pooling2d" for MaxPooling2D: Keras' own rule for automatic names.
std::string snake_case(const std::string& class_name);

}  // namespace assay::formats::keras
