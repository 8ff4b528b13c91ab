#pragma once
// oneDNN's float32 convolutions on NHWC activations, created once per lane, geometry and kind.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/cpu/lane_state.hpp"

#include <map>
#include <memory>

namespace assay::engine::cpu {

class OneDnnConvolutions {
public:
    enum class Kind { forward, forward_add, backward_input, backward_weights };

    OneDnnConvolutions();
    ~OneDnnConvolutions();

    /// Runs one convolution, or returns false where oneDNN has no implementation better than its reference loops.
    /// forward(_add): a = x, b = w, out = y. backward_input: a = gy, b = w, out = gx. backward_weights: a = x, b = gy, out = gw.
    /// Overwrites out, except that forward_add adds to it. `bias` [out_c], or null, is added by the forward kinds.
    bool run(Kind kind, const ConvGeometry& g, const float* a, const float* b, const float* bias, float* out);

private:
    struct Primitive;
    struct Key {
        ConvGeometry geometry;
        Kind kind;
        bool bias;
        auto operator<=>(const Key&) const = default;
    };
    std::map<Key, std::unique_ptr<Primitive>> primitives_;
    Scratch scratchpad_, weights_;
};

}  // namespace assay::engine::cpu
