// GlobalMaxPooling1D: the largest value of every channel; `keepdims` keeps an axis of extent 1. Masks are not looked at.

#include "libanalysis/engine/layers/max_pooling.hpp"

namespace assay::engine::layers {
namespace {

class GlobalMaxPooling1D final : public MaxPooling {
public:
    explicit GlobalMaxPooling1D(const LayerSpec& spec) : MaxPooling(whole_pool(spec, 1), pooled_away(spec, 1)) {}
};

}  // namespace

const LayerKind global_max_pooling_1d_kind{"global_max_pooling_1d", make<GlobalMaxPooling1D>};

}  // namespace assay::engine::layers
