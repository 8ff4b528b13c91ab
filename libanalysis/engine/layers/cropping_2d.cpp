// Cropping2D: an image without its borders, `cropping` [[top, bottom], [left, right]].

#include "libanalysis/engine/layers/cropping.hpp"

namespace assay::engine::layers {
namespace {

class Cropping2D final : public Cropping {
public:
    explicit Cropping2D(const LayerSpec& spec) : Cropping(spec, 2) {}
};

}  // namespace

const LayerKind cropping_2d_kind{"cropping_2d", make<Cropping2D>};

}  // namespace assay::engine::layers
