#pragma once
// Where each parameter is used: the layer's node, and the shape of what comes in.

#include "libanalysis/measures/subject.hpp"

#include <map>

namespace assay::measures::ingredients {

struct LayerGeometry {
    static constexpr std::string_view name = "layer_geometry";
    struct Key { auto operator<=>(const Key&) const = default; };
    struct Use {
        const model::Node* node = nullptr;   ///< of the subject's model
        std::vector<Shape> inputs;           ///< of one row
    };
    using Value = std::map<std::size_t, Use>;   ///< by parameter; of a layer used several times: its first use
    /// @throws the Error of building the network.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value& value) { return value.size() * 64; }
};

}  // namespace assay::measures::ingredients
