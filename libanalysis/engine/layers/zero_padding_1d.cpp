// ZeroPadding1D: zeros around a sequence, `padding` [[before, after]].

#include "libanalysis/engine/layers/zero_padding.hpp"

namespace assay::engine::layers {
namespace {

class ZeroPadding1D final : public ZeroPadding {
public:
    explicit ZeroPadding1D(const LayerSpec& spec) : ZeroPadding(spec, 1) {}
};

}  // namespace

const LayerKind zero_padding_1d_kind{"zero_padding_1d", make<ZeroPadding1D>};

}  // namespace assay::engine::layers
