#pragma once
// The neutral description of a trained network: a graph of layers, named tensors, facts about the training.
// Formats fill it; the engine builds a Network from it; measures on weights read it directly. It computes nothing.

#include "libanalysis/core/json.hpp"
#include "libanalysis/core/shape.hpp"

#include <boost/graph/adjacency_list.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace assay::model {

/// A host array as read from a checkpoint, row-major. Half and integer weights are widened to float32; float64 is kept.
struct Tensor {
    Shape shape;
    std::string stored_type;  ///< as in the file: "float32", "float16", "int8", ...
    std::variant<std::vector<float>, std::vector<double>> values;

    std::int64_t size() const { return element_count(shape); }
    double at(std::size_t index) const;
    std::vector<double> to_double() const;
};

/// What a parameter is in its layer. Only `kernel`-like roles are weight matrices for norm measures.
enum class Role {
    kernel, recurrent_kernel, depthwise_kernel, pointwise_kernel, embeddings, bias, gamma, beta, moving_mean, moving_variance, alpha, mean, variance, count, other
};
std::string_view to_string(Role role);

/// The identity of a parameter. A layer used twice refers to the same Parameter twice.
/// Kernels have canonical layouts, whatever the file's: Dense [in, out]; Conv2D [kh, kw, in/groups, out], cross-correlation; its transpose
/// [kh, kw, out/groups, in]; depthwise [kh, kw, in, outputs of a channel]. Over time the same without kh.
struct Parameter {
    std::string name;    ///< "conv2d/kernel": the file's layer name, then the role
    std::string layer;   ///< the file's layer name
    std::string layer_class;  ///< the file's class name where known ("Conv2D"), else empty
    Role role = Role::other;
    Shape shape;
    bool trainable = true;
    std::string path;    ///< where the tensor lies in the file
};

/// Whether it is a weight matrix: a kernel of any kind (recurrent, depthwise, ...) or an embedding, with two or more axes. Biases and
/// the parameters of normalisation layers are none.
bool is_weight_matrix(const Parameter& parameter);

/// The columns of a weight matrix: its last axis, the units; of a depthwise kernel the last two, since every channel has units of its own.
std::int64_t matrix_columns(const Parameter& parameter);

/// Values of all parameters, one Tensor per Parameter, same order.
using Weights = std::vector<Tensor>;

/// One application of a layer. Kinds and attributes are the engine's (libanalysis/engine/layers/layers.def), not the file's:
/// formats translate dialects. A file's layer may become several nodes (Conv2D with an activation is conv2d, activation;
/// channels_first adds permute); `layer` names the file's layer, whose output is its last node.
struct Node {
    std::string name;          ///< unique: the file's layer name for its last node, "<layer>/<kind>" for the others; a layer's n-th use appends "#n"
    std::string kind;          ///< "conv2d"; "unsupported" keeps class and name of a layer that Assay does not have
    std::string layer;         ///< the file's layer name
    std::string layer_class;   ///< the file's class name
    Json attributes = Json::object();
    std::vector<std::size_t> parameters;  ///< indices into Model::parameters, in the order the engine's layer declares
};

struct Edge {
    std::size_t slot = 0;  ///< position among the inputs of the target
};

/// bidirectionalS: a layer asks for its inputs as often as for its consumers.
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Node, Edge>;

struct Architecture {
    Graph graph;
    std::vector<std::size_t> inputs;   ///< vertices of kind "input", in the model's order; attributes: shape (no batch axis; -1 unknown), dtype
    std::vector<std::size_t> outputs;  ///< vertices, in the model's order

    std::size_t add(Node node, const std::vector<std::size_t>& inputs_of_node);  ///< returns the vertex
    std::vector<std::size_t> inputs_of(std::size_t vertex) const;                ///< ordered by slot
    /// Vertices in an order in which every layer comes after its inputs. @throws Error{format} naming a layer of a cycle.
    std::vector<std::size_t> topological_order() const;
};

struct Regulariser {
    std::size_t parameter = 0;
    double l1 = 0, l2 = 0;  ///< adds l1 |w|_1 + l2 |w|_2^2 to the loss
};

/// What the file says about the training; empty where it says nothing.
struct TrainingFacts {
    std::string loss;                       ///< canonical: cross_entropy, binary_cross_entropy, mean_squared_error, or the file's own word
    std::optional<bool> from_logits;
    std::string optimizer;
    std::optional<double> learning_rate;
    std::vector<Regulariser> regularisers;
    std::string backend;                    ///< tensorflow, theano, torch, jax
    std::string framework_version;          ///< "2.2.4"
    Json raw = Json::object();              ///< training_config as read
};

struct Model {
    std::string path;        ///< of the file
    std::string format;      ///< name of the Format that read it
    std::optional<Architecture> architecture;  ///< none in a weights-only file
    std::vector<Parameter> parameters;         ///< model order (the file's declared order, never link order)
    Weights weights;
    TrainingFacts facts;
    Json preprocessing;      ///< what the network's inputs go through before it, where the file says so: {"scale", "offset", "mean", "deviation"}; else null
    std::vector<std::string> notes;  ///< anything a user should know: ignored objects, applied conversions
};

}  // namespace assay::model
