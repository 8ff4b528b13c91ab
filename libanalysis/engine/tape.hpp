#pragma once
// What the passes over one micro-batch leave behind. The primal part (values, what layers saved, deltas) depends on the
// parameter vector and the rows only: it is read-only once written, cacheable, and recomputable with the same bits. The
// tangent part belongs to one direction.

#include "libanalysis/engine/network.hpp"

#include <vector>

namespace assay::engine {

class Tape {
public:
    std::int64_t batch() const { return batch_; }
    ConstView output(std::size_t node) const { return values_.at(node).const_view(); }       ///< value of a node, evaluation order
    ConstView delta(std::size_t node) const { return deltas_.at(node).const_view(); }        ///< dL/d(node), after backward
    ConstView tangent(std::size_t node) const { return tangents_.at(node).const_view(); }    ///< after forward_tangent; empty: zero
    ConstView network_output(std::size_t index) const;
    std::size_t primal_bytes() const;
    void drop_tangents();
    void drop_deltas();

private:
    friend class Network;
    std::int64_t batch_ = 0;
    ConstView parameters_;
    // primal
    std::vector<Buffer> values_, masks_, deltas_;   // by node; nodes that only change a shape share their input's memory
    std::vector<std::vector<Buffer>> saved_;
    // tangent
    std::vector<Buffer> tangents_, tangent_deltas_;
    std::vector<std::vector<Buffer>> tangent_saved_;
    ConstView direction_;
    std::vector<std::size_t> output_nodes_;
};

}  // namespace assay::engine
