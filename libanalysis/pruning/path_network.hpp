#pragma once
// A network as sums over paths from its inputs to its outputs: kernels that are not negative, no biases, linear activations. How
// much flows from an input of ones to all outputs, and what share of it every weight carries.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/layer.hpp"
#include "libanalysis/pruning/mask.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace assay::pruning {

/// Kinds of layers without weights that map sums over paths to sums over paths, or, for max pooling, choose among them.
bool passes_paths(std::string_view kind);

class PathNetwork {
public:
    /// sums: R = 1^T prod W 1, in double. BatchNormalization is its scale |gamma| / sqrt(variance + epsilon), Rescaling its |scale|;
    /// max pooling takes the largest. reachability: every value is 1 or 0, whether a path of non-zero factors leads there, whatever
    /// their number; max pooling lets every path through.
    enum class Kind { sums, reachability };

    /// `weights` gives normalisation its numbers. `backend` must outlive it.
    /// @throws Error{unsupported} naming a layer that is no such map (recurrence, embedding, products, a softmax inside, layer
    /// normalisation); Error{missing} without an architecture; Error{data} for an input of unknown extents.
    PathNetwork(const model::Model& model, const model::Weights& weights, engine::Backend& backend, const std::vector<Shape>& input_shapes, Kind kind);

    struct Flow {
        double total = 0;   ///< R; for reachability: the number of outputs that are reached
        Scores slopes;      ///< dR/d kernel, by parameter; for reachability positive where an input and an output are reached through it
    };
    /// `kernels`: of every weight matrix, by parameter, not negative. @throws Error{data} when R overflows.
    Flow flow(const Scores& kernels) const;

private:
    struct Step {
        std::string name;
        std::unique_ptr<engine::Layer> layer;    // null: the input's values, times `scale` where there is one
        std::vector<std::size_t> sources;        // steps
        std::vector<std::size_t> parameters;     // of the model; the first is the kernel
        std::vector<double> scale;               // of the last axis
        std::size_t size = 1;
        Shape shape;
    };
    std::vector<double> values_of(const Step& step, const std::vector<std::vector<double>>& values) const;
    engine::Buffer upload(const std::vector<double>& values) const { return backend_.from_host(values, engine::DType::float64); }

    engine::Backend& backend_;
    Kind kind_;
    std::vector<std::size_t> parameter_sizes_;
    std::vector<Step> steps_;
    std::vector<std::size_t> outputs_;   // steps
};

/// 1 where a kept weight lies on a path of kept weights from an input to an output; a channel that BatchNormalization scales by
/// zero blocks it. @throws as PathNetwork.
Masks on_paths(const model::Model& model, const model::Weights& weights, const Masks& kept, engine::Backend& backend, const std::vector<Shape>& input_shapes);

}  // namespace assay::pruning
