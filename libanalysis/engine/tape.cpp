#include "libanalysis/engine/tape.hpp"

#include <unordered_set>

namespace assay::engine {

ConstView Tape::network_output(std::size_t index) const { return output(output_nodes_.at(index)); }

std::size_t Tape::primal_bytes() const {
    std::unordered_set<const void*> seen;   // shared memory counts once
    std::size_t bytes = 0;
    const auto add = [&](const Buffer& buffer) {
        if (!buffer.empty() && seen.insert(buffer.const_view().data).second) bytes += buffer.bytes();
    };
    for (const auto* list : {&values_, &masks_, &deltas_})
        for (const Buffer& buffer : *list) add(buffer);
    for (const auto& list : saved_)
        for (const Buffer& buffer : list) add(buffer);
    return bytes;
}

void Tape::drop_tangents() {
    tangents_.clear();
    tangent_deltas_.clear();
    tangent_saved_.clear();
    direction_ = {};
}

void Tape::drop_deltas() { for (Buffer& delta : deltas_) delta = {}; }

}  // namespace assay::engine
