#pragma once
// How a Keras layer becomes nodes of the neutral model. A translator reads a layer's config once and returns the weights that
// it expects and a function that adds the nodes of one call. keras_layers.def lists the translators by class name.

#include "formats/keras_config.hpp"
#include "libanalysis/core/error.hpp"
#include "libanalysis/model/model.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace assay::formats::keras {

/// Thrown by a translator for a setting that the engine does not have: the node becomes "unsupported" under this class name.
struct Unsupported {
    std::string what;   ///< "Activation(selu)"
};

/// A weight of a layer in Keras' order: trainable ones, then the others.
struct WeightSpec {
    model::Role role;
    Shape shape;   ///< canonical; -1 where the config does not say
    bool trainable = true;
    bool convolution = false;   ///< a kernel with its spatial axes first: Theano's is flipped along them, Keras 1 may have another layout
    std::string part = {};      ///< of the layer that has it: "query" in "attention/query/kernel"
    Json config = {};           ///< with its regulariser, where that is not the layer's own config
    std::function<void(model::Tensor&)> convert = {};   ///< from the file's array, which has `shape`, to the canonical one
    /// Where Keras 3 keeps it, below the layer's own group: "" in it, "forward_layer", "layer/layers/dense_1". A cell is its layer, "_query_dense"
    /// is "query_dense". Weights of one group lie there in this order.
    std::string group = {};
    bool named = false;         ///< inner layers may be frozen unseen by the config, which changes the order in older files: the names there decide
    bool open = false;          ///< the config does not say even how many axes it has: `shape` is not checked
};

/// An output of a layer while the graph is built.
struct Value {
    std::size_t vertex = 0;
    int rank = -1;               ///< axes with the batch axis; -1 unknown
    bool channels_last = false;  ///< Keras' value has its channels first, the vertex has them last: a permutation is owed
    std::string keyword = {};    ///< the argument that it is given as in a call, where that has a name
};

/// Adds the nodes of one call of one layer.
class Call {
public:
    Call(model::Architecture& architecture, const Layer& layer, std::string suffix, std::vector<Value> inputs, std::vector<std::size_t> parameters,
         std::span<const model::Parameter> all = {}, Json keywords = {})
        : architecture_(architecture), layer_(layer), suffix_(std::move(suffix)), inputs_(std::move(inputs)), parameters_(std::move(parameters)), all_(all),
          keywords_(std::move(keywords)) {}

    const Layer& layer() const { return layer_; }
    std::size_t input_count() const { return inputs_.size(); }
    const Value& raw(std::size_t index = 0) const;
    const std::vector<Value>& inputs() const { return inputs_; }
    Value as_keras(std::size_t index = 0);          ///< the input in Keras' order of axes
    Value channels_last(std::size_t index = 0);     ///< a channels-first input with its channels moved last; rank 4 or 3
    /// Adds a node that reads `sources`. The last one added takes the layer's name.
    Value add(const std::string& kind, Json attributes, const std::vector<Value>& sources, int rank, bool with_parameters = false);
    /// The same for a node called <layer>/<part> (unless it stays the last one) that reads these parameters.
    Value add_part(const std::string& part, const std::string& kind, Json attributes, const std::vector<Value>& sources, int rank,
                   std::vector<std::size_t> parameters = {});
    std::vector<std::size_t> parameters(std::size_t first, std::size_t count) const;   ///< of the layer's, in the order of Translation::weights
    const Shape& shape_of(std::size_t position) const;                                 ///< of its parameter there, canonical
    std::span<const model::Parameter> all_parameters() const { return all_; }
    const Json& keywords() const { return keywords_; }                                 ///< null, or an object
    bool keyword(const char* key) const;                                               ///< whether it is there and true

private:
    Value permute(const Value& value, const std::vector<int>& order, bool owed);
    model::Architecture& architecture_;
    const Layer& layer_;
    std::string suffix_;
    std::vector<Value> inputs_;
    std::vector<std::size_t> parameters_;
    std::span<const model::Parameter> all_;
    Json keywords_;
    std::string last_part_;
    std::size_t last_ = static_cast<std::size_t>(-1);
};

struct Translation {
    std::vector<WeightSpec> weights;
    std::function<Value(Call&)> add_nodes;
};

using Translator = Translation (*)(const Layer&, const Dialect&);

/// The translator of a class, or null.
Translator translator_of(const std::string& class_name);

/// Throws Unsupported for a layer whose kernels are quantised, and, with `lora`, for one with a low-rank addition to its kernel, which Keras 3's
/// own layout of weights holds already.
void refuse_other_kernels(const Layer& layer, bool lora);
/// The type in which a layer computes where it is narrower than float32: "mixed_bfloat16"; else empty.
std::string narrow_type_of(const Layer& layer);

// Settings of a layer, with Keras' defaults; errors name layer and key.
std::int64_t integer(const Layer& layer, const char* key, std::int64_t least = 1);
std::int64_t integer_or(const Layer& layer, const char* key, std::int64_t fallback, std::int64_t least = 1);
double number_or(const Layer& layer, const char* key, double fallback);
bool flag_or(const Layer& layer, const char* key, bool fallback);
std::string word_or(const Layer& layer, const char* key, const std::string& fallback);
/// Two positive integers from [a, b] or a. @throws Error{format}
std::vector<std::int64_t> pair(const Layer& layer, const char* key);
std::vector<std::int64_t> pair_or(const Layer& layer, const char* key, std::vector<std::int64_t> fallback);
bool channels_first(const Layer& layer, const Dialect& dialect);   ///< by data_format, else the file's default
Error bad_setting(const Layer& layer, const char* key, const std::string& expected);

/// {function, its parameters} of an activation among a layer's settings; null is linear, an absent one `fallback`. @throws Unsupported
Json activation_of(const Layer& layer, const Dialect& dialect, const char* key = "activation", const char* fallback = "linear");
/// The same of a layer that is an activation (ReLU, ELU, ...), or nothing for other classes.
std::optional<Json> activation_layer(const Layer& layer);
bool is_activation(std::string_view name);      ///< one that works on entries or the last axis, without settings: "relu", "square"
bool acts_on_an_axis(const Json& activation);   ///< softmax and its logarithm: where the last axis is matters
Json function_word(const Json& activation);     ///< its name alone where it has no parameters
double least_square_norm(const Dialect& dialect);   ///< what the square of a norm is at least where Keras divides by it
/// Adds the activation node unless it is linear.
Value with_activation(Call& call, const Json& activation, Value value);

}  // namespace assay::formats::keras
