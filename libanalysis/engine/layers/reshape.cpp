// Reshape: the same values in row-major order under `target_shape`, of which one extent may be -1 (what remains).

#include "libanalysis/engine/layers/linear_layer.hpp"

namespace assay::engine::layers {
namespace {

class Reshape final : public AliasLayer {
public:
    explicit Reshape(const LayerSpec& spec) {
        spec.require_inputs(1);
        const std::int64_t count = element_count(spec.inputs[0]);
        const std::string expected = "a `target_shape` of positive extents, at most one -1, with " + std::to_string(count) + " values";
        const auto found = spec.attributes.find("target_shape");
        if (found == spec.attributes.end() || !found->is_array()) spec.fail(expected, "none");
        std::int64_t known = 1, free = -1;
        for (const Json& extent : *found) {
            if (!extent.is_number_integer()) spec.fail(expected, found->dump());
            const auto value = extent.get<std::int64_t>();
            if (value == -1 && free < 0) free = static_cast<std::int64_t>(output_shape_.size());
            else if (value < 1 || value > count || known > count / value) spec.fail(expected, found->dump());
            else known *= value;
            output_shape_.push_back(value);
        }
        if (free >= 0 && count % known == 0) output_shape_[static_cast<std::size_t>(free)] = count / known;
        else if (free >= 0 || known != count) spec.fail(expected, found->dump());
    }
};

}  // namespace

const LayerKind reshape_kind{"reshape", make<Reshape>};

}  // namespace assay::engine::layers
