// ZeroPadding2D: zeros around an image, `padding` [[top, bottom], [left, right]].

#include "libanalysis/engine/layers/zero_padding.hpp"

namespace assay::engine::layers {
namespace {

class ZeroPadding2D final : public ZeroPadding {
public:
    explicit ZeroPadding2D(const LayerSpec& spec) : ZeroPadding(spec, 2) {}
};

}  // namespace

const LayerKind zero_padding_2d_kind{"zero_padding_2d", make<ZeroPadding2D>};

}  // namespace assay::engine::layers
