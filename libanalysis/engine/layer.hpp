#pragma once
// A layer is four functions: forward, backward and the tangent of each; parametric layers also give the parts of backward
// one by one. Layers are written once against Backend. One file each in layers/, one row in layers.def.
//
// Conventions. Arrays are [batch, shape] in the layer's precision. Gradients are added to their targets (a value may feed
// several layers) unless the layer says that it overwrites fresh ones; forward values and forward tangents are overwritten. An empty view means "not there" (a tangent that is
// zero, an absent bias) or "not wanted" (a gradient nobody asked for).

#include "libanalysis/core/json.hpp"
#include "libanalysis/core/shape.hpp"
#include "libanalysis/engine/backend.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::engine {

using assay::to_string;   // of shapes, beside this namespace's own

/// One application of a layer to a micro-batch: the primal. Read-only after forward, so it can be cached.
struct Frame {
    std::int64_t batch = 0;
    std::vector<ConstView> inputs;      ///< values
    std::vector<ConstView> masks;       ///< per input: [batch, time] of 0 or 1 in the layer's precision, or empty
    std::vector<ConstView> parameters;  ///< in the order the layer declares
    View output;
    View output_mask;                   ///< written by layers with makes_mask()
    std::vector<Buffer>* saved = nullptr;  ///< what forward keeps for the other passes (argmax, inner tape of a recurrence)
    std::uint64_t fresh = 0;            ///< bit i: gx[i] holds nothing yet, and the layer overwrites it (see overwrites_gradients)

    /// Whether the first writer of gx[i] adds to it.
    bool adds(std::size_t i) const { return i >= 64 || (fresh >> i & 1) == 0; }
};

/// A direction: the tangents that belong to a Frame.
struct Tangent {
    std::vector<ConstView> inputs;      ///< per input; empty: zero (always for integer inputs)
    std::vector<ConstView> parameters;  ///< per parameter; empty: zero
    View output;                        ///< written by forward_tangent
    std::vector<Buffer>* saved = nullptr;  ///< what forward_tangent keeps for backward_tangent
};

class Layer {
public:
    virtual ~Layer() = default;
    const Shape& output_shape() const { return output_shape_; }   ///< of one row
    virtual bool integer_input() const { return false; }
    virtual bool makes_mask() const { return false; }             ///< output_mask shape: [batch, first extent of the output]
    virtual bool passes_mask() const { return false; }            ///< the first input's mask goes on to the consumers
    virtual bool separate_masks() const { return false; }         ///< inputs may lie under different masks; otherwise there is one for all
    virtual bool aliases_input() const { return false; }          ///< the same values under another shape: a Network shares the memory
    virtual bool piecewise_linear() const { return false; }       ///< in its inputs, for fixed parameters
    /// Where the reverse pass may work in the memory of gy: entry_by_entry: one input, and gx[0] may be gy itself; passes_on: every
    /// gx[i] is gy.
    enum class Reuse : std::uint8_t { none, entry_by_entry, passes_on };
    virtual Reuse reuse() const { return Reuse::none; }
    /// True when both reverse passes write every wanted gx[i] with !frame.adds(i) whatever it held, which saves clearing it first.
    virtual bool overwrites_gradients() const { return false; }
    virtual bool linear() const { return false; }                 ///< affine in them: backward_input reads no input and takes any batch
    virtual std::vector<double> kinks() const { return {}; }      ///< where the function that each value of its input passes has one, ascending
    virtual double madds() const { return 0; }                    ///< multiply-adds of forward for one row
    virtual std::size_t saved_bytes() const { return 0; }         ///< of one row in float32, for memory plans

    /// @throws Error{data} for parameter values that the layer cannot compute with. On a device that is not the host nothing else looks
    /// at them: a forward pass there does not wait for values.
    virtual void check_parameters(Backend&, std::span<const ConstView>) const {}
    virtual void forward(Backend& lane, const Frame& frame) const = 0;
    /// gx[i] += J_i^T gy; gw[j] += J_j^T gy.
    virtual void backward(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx, std::span<const View> gw) const {
        backward_input(lane, frame, gy, gx);
        backward_weights(lane, frame, gy, gw);
    }
    virtual void backward_input(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gx) const = 0;
    virtual void backward_weights(Backend&, const Frame&, ConstView, std::span<const View>) const {}
    /// ty = sum_i J_i tx_i + sum_j J_j tw_j (overwrites tangent.output).
    virtual void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const = 0;
    /// The weight part of forward_tangent alone: ty (+)= sum_j J_j tw_j.
    virtual void weight_tangent(Backend&, const Frame&, std::span<const ConstView>, View, bool /*accumulate*/) const {}
    /// The tangent of backward along `tangent` with gy moving along tgy (empty: zero):
    /// tgx[i] += J_i^T tgy + (dJ_i)^T gy; tgw[j] likewise.
    virtual void backward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent, ConstView gy, ConstView tgy,
                                  std::span<const View> tgx, std::span<const View> tgw) const = 0;
    /// What each sample does to the weights, for `seeds` output gradients at once: gy is [seeds, batch, output]. Adds the squared norm
    /// of the gradient of parameter j, norms[j][n] += sum_k || J_j^T gy_k restricted to sample n ||^2, where it is wanted. The
    /// default runs backward_weights for every sample and seed; layers with a cheaper identity override it.
    virtual void weight_gradient_norms(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> norms) const;
    /// The same entry by entry, summed over the samples: squares[j] += sum_n sum_k (J_j^T gy_k restricted to sample n)^2.
    virtual void weight_gradient_squares(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> squares) const;

protected:
    Shape output_shape_;
    std::vector<Shape> input_shapes_;
    std::vector<Shape> parameter_shapes_;

private:
    /// visit(n, gradients by parameter) for every sample n and every seed, by backward_weights; unwanted gradients are empty.
    void for_each_gradient(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> wanted,
                           const std::function<void(std::size_t n, std::span<const View> gradients)>& visit) const;
    friend struct LayerKind;
    friend std::unique_ptr<Layer> make_layer(std::string_view kind, const struct LayerSpec& spec);
};

/// What a layer is made from. Factories check everything at this door and throw Error{format} naming `where`.
struct LayerSpec {
    std::string where;                  ///< "model.h5, layer conv2d_1 (Conv2D)"
    Json attributes;
    std::vector<Shape> inputs;          ///< of one row; all extents known
    std::vector<Shape> parameters;

    // Checked access: the message names the layer, the attribute, what was expected and what was found.
    std::int64_t integer(std::string_view key) const;
    std::int64_t integer(std::string_view key, std::int64_t otherwise) const;
    double number(std::string_view key, double otherwise) const;
    bool boolean(std::string_view key, bool otherwise) const;
    std::string text(std::string_view key, std::string_view otherwise) const;
    std::vector<std::int64_t> integers(std::string_view key, std::size_t count) const;   ///< positive, exactly `count`
    void require_inputs(std::size_t count) const;
    void require_rank(std::size_t input, std::size_t rank) const;
    void require_parameter(std::size_t index, const Shape& shape, std::string_view role) const;
    [[noreturn]] void fail(std::string expected, std::string found) const;
};

struct LayerKind {
    std::string_view name;              ///< Node::kind
    std::unique_ptr<Layer> (*make)(const LayerSpec& spec);
};

std::span<const LayerKind* const> layer_kinds();
/// @throws Error{unsupported} for a kind that is not in layers.def.
std::unique_ptr<Layer> make_layer(std::string_view kind, const LayerSpec& spec);

}  // namespace assay::engine
