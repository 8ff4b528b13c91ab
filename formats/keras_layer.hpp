#pragma once
// How a Keras layer becomes nodes of the neutral model. A translator reads a layer's config once and returns the weights that
// it expects and a function that adds the nodes of one call. keras_layers.def lists the translators by class name.

#include "formats/keras_config.hpp"
#include "libanalysis/core/error.hpp"
#include "libanalysis/model/model.hpp"

#include <functional>
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
    bool convolution = false;   ///< a Conv2D kernel: Theano's is flipped, Keras 1 may have another layout
};

/// An output of a layer while the graph is built.
struct Value {
    std::size_t vertex = 0;
    int rank = -1;               ///< axes with the batch axis; -1 unknown
    bool channels_last = false;  ///< Keras' value has its channels first, the vertex has them last: a permutation is owed
};

/// Adds the nodes of one call of one layer.
class Call {
public:
    Call(model::Architecture& architecture, const Layer& layer, std::string suffix, std::vector<Value> inputs, std::vector<std::size_t> parameters)
        : architecture_(architecture), layer_(layer), suffix_(std::move(suffix)), inputs_(std::move(inputs)), parameters_(std::move(parameters)) {}

    const Layer& layer() const { return layer_; }
    std::size_t input_count() const { return inputs_.size(); }
    const Value& raw(std::size_t index = 0) const;
    const std::vector<Value>& inputs() const { return inputs_; }
    Value as_keras(std::size_t index = 0);          ///< the input in Keras' order of axes
    Value channels_last(std::size_t index = 0);     ///< a channels-first input with its channels moved last; rank 4 or 3
    /// Adds a node that reads `sources`. The last one added takes the layer's name.
    Value add(const std::string& kind, Json attributes, const std::vector<Value>& sources, int rank, bool with_parameters = false);

private:
    Value permute(const Value& value, const std::vector<int>& order, bool owed);
    model::Architecture& architecture_;
    const Layer& layer_;
    std::string suffix_;
    std::vector<Value> inputs_;
    std::vector<std::size_t> parameters_;
    std::size_t last_ = static_cast<std::size_t>(-1);
};

struct Translation {
    std::vector<WeightSpec> weights;
    std::function<Value(Call&)> add_nodes;
};

using Translator = Translation (*)(const Layer&, const Dialect&);

/// The translator of a class, or null.
Translator translator_of(const std::string& class_name);

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

/// {function, alpha} of a layer's `activation`; an absent or null one is linear. @throws Unsupported
Json activation_of(const Layer& layer);
/// Adds the activation node unless it is linear.
Value with_activation(Call& call, const Json& activation, Value value);

}  // namespace assay::formats::keras
