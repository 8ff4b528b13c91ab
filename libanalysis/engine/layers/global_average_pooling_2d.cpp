// GlobalAveragePooling2D: the mean of every channel over the whole image; `keepdims` keeps two axes of extent 1.

#include "libanalysis/engine/layers/average_pooling.hpp"

namespace assay::engine::layers {
namespace {

class GlobalAveragePooling2D final : public AveragePooling {
public:
    explicit GlobalAveragePooling2D(const LayerSpec& spec) : AveragePooling(whole_pool(spec, 2), pooled_away(spec, 2)) {}
};

}  // namespace

const LayerKind global_average_pooling_2d_kind{"global_average_pooling_2d", make<GlobalAveragePooling2D>};

}  // namespace assay::engine::layers
