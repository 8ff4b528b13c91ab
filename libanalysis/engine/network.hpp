#pragma once
// A Network is a description that can be run: layers in topological order with inferred shapes. It holds no weights: the
// parameter vector (trained, initial, perturbed, masked, squared) is an argument of every pass.

#include "libanalysis/core/context.hpp"
#include "libanalysis/data/dataset.hpp"
#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/layer.hpp"
#include "libanalysis/model/model.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace assay::engine {

struct NetworkOptions {
    DType precision = DType::float32;  ///< float32 or float64
    bool logits = true;                ///< drop a final softmax or sigmoid, so that outputs are logits (see Network::folded_activation)
    std::vector<Shape> input_shapes{}; ///< fills unknown extents of the inputs, per input, without the batch axis; may be empty
    MicroBatches micro_batches{};      ///< of the device it will run on: Backend::micro_batches()
};

/// Where each parameter lies in a flat vector: trainable ones first, in model order, then the non-trainable ones.
struct ParameterLayout {
    struct Entry { std::size_t parameter; std::size_t offset; std::size_t size; bool trainable; };
    std::vector<Entry> entries;       ///< indexed by Model::parameters
    std::size_t trainable_count = 0;  ///< length of gradients and Hessian vectors
    std::size_t total_count = 0;
};

/// The input of a micro-batch on the backend: one buffer per network input, [batch, row shape].
struct Batch {
    std::int64_t size = 0;
    std::vector<Buffer> inputs;
};

class Tape;

class Network {
public:
    /// @throws Error{unsupported} naming file, layer and class; Error{format} where weights and shapes do not fit.
    Network(const model::Model& model, NetworkOptions options = {});
    Network(Network&&) noexcept;
    ~Network();

    const NetworkOptions& options() const;
    const ParameterLayout& layout() const;
    const std::vector<std::string>& input_names() const;
    const std::vector<Shape>& input_shapes() const;    ///< per input, without the batch axis
    const std::vector<DType>& input_types() const;     ///< per input: the network's precision, or int32 (indices of an embedding)
    const std::vector<std::string>& output_names() const;
    const std::vector<Shape>& output_shapes() const;   ///< per output, without the batch axis
    const std::vector<std::string>& node_names() const;    ///< in evaluation order; "" in `outputs_of` means none
    Shape node_shape(std::size_t node) const;
    /// "softmax", "sigmoid" or "" : the final activation that `logits` dropped (first output).
    const std::string& folded_activation() const;
    /// Rows per micro-batch: a function of the network and of what options.micro_batches says, so that results do not depend on threads.
    std::int64_t micro_batch() const;
    /// Bytes one micro-batch needs in flight for a forward pass; with its gradient and tangents.
    std::size_t forward_bytes() const;
    std::size_t derivative_bytes() const;
    /// Multiply-adds of one forward pass of one row (dense and convolution layers).
    double forward_madds() const;
    double node_madds(std::size_t node) const;   ///< of one layer among them; 0 for an input

    /// The flat parameter vector of `weights` (Model::weights order). @throws Error{format} when shapes differ.
    Buffer pack(Backend& backend, const model::Weights& weights) const;

    // ---- one micro-batch; every function is serial and safe to call from many threads with a lane each ----

    /// Runs forward and records the primal. `parameters` must outlive the tape.
    Tape forward(Backend& lane, ConstView parameters, Batch batch) const;
    /// The values of the outputs alone: gives every other array back as soon as no layer reads it any more. Same bits as forward.
    std::vector<Buffer> outputs(Backend& lane, ConstView parameters, Batch batch) const;
    /// Reverse pass: seeds[i] is dL/d(output i), [batch, output]. Adds dL/d(parameter) to `gradient` (trainable_count, may be
    /// empty) and writes dL/d(input) into input_gradients where asked. Keeps the deltas on the tape.
    void backward(Backend& lane, Tape& tape, const std::vector<ConstView>& seeds, View gradient,
                  std::vector<Buffer>* input_gradients = nullptr) const;
    /// The same map for a tape that keeps its own deltas: adds J' seeds to `gradient` and leaves nothing behind.
    void transpose(Backend& lane, Tape& tape, const std::vector<ConstView>& seeds, View gradient, std::vector<Buffer>* input_gradients = nullptr) const;
    /// After backward: the slope of every row's loss along a direction, <g_n, direction>, [batch] in the network's precision.
    Buffer row_slopes(Backend& lane, Tape& tape, ConstView direction) const;
    /// After backward: adds sum_n weights[n] g_n to `gradient` ([batch] in the network's precision; empty: all 1).
    void weighted_gradient(Backend& lane, Tape& tape, ConstView weights, View gradient) const;
    /// Forward tangent along a parameter direction (trainable_count, may be empty) and input directions (may be empty).
    /// Returns the tangents of the outputs.
    std::vector<ConstView> forward_tangent(Backend& lane, Tape& tape, ConstView direction, const std::vector<ConstView>& input_directions = {}) const;
    /// Tangent of the reverse pass: after forward, backward and forward_tangent; seed_tangents[i] is the tangent of seeds[i].
    /// Adds the tangent of the gradient (a Hessian-vector product) to `gradient_tangent`.
    void backward_tangent(Backend& lane, Tape& tape, const std::vector<ConstView>& seed_tangents, View gradient_tangent,
                          std::vector<Buffer>* input_gradient_tangents = nullptr) const;

    /// A layer with trainable parameters (indices of Model::parameters, constants among them) where it is applied in a micro-batch.
    struct Applied { std::size_t node; const Layer& layer; const Frame& frame; std::span<const std::size_t> parameters; };
    /// Reverse passes of many seeds side by side, without weight gradients; the tape (after forward) stays as it is. `seeds` is
    /// [count, batch, first output]; every applied layer that has trainable parameters and a delta is visited once, last layer
    /// first, with [count, batch, its output]. What is in flight is `count` times the deltas still to be read.
    void reverse_deltas(Backend& lane, Tape& tape, ConstView seeds, std::int64_t count,
                        const std::function<void(const Applied& applied, ConstView deltas)>& visit) const;
    /// Seeds for one call of reverse_deltas, at most 16, that need about twice derivative_bytes: a function of the network alone.
    std::int64_t seeds_at_a_time() const;

    struct Implementation;
    const Implementation& implementation() const { return *implementation_; }

private:
    void run(Backend& lane, Tape& tape, ConstView parameters, Batch batch, bool keep) const;
    void reverse(Backend& lane, Tape& tape, const std::vector<ConstView>& seeds, View gradient, std::vector<Buffer>* input_gradients,
                 std::vector<Buffer>& deltas, bool keep) const;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace assay::engine
