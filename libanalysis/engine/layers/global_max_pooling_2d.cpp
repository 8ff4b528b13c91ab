// GlobalMaxPooling2D: the largest value of every channel; `keepdims` keeps two axes of extent 1.

#include "libanalysis/engine/layers/max_pooling.hpp"

namespace assay::engine::layers {
namespace {

class GlobalMaxPooling2D final : public MaxPooling {
public:
    explicit GlobalMaxPooling2D(const LayerSpec& spec) : MaxPooling(whole_pool(spec, 2), pooled_away(spec, 2)) {}
};

}  // namespace

const LayerKind global_max_pooling_2d_kind{"global_max_pooling_2d", make<GlobalMaxPooling2D>};

}  // namespace assay::engine::layers
