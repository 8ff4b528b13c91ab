// Embedding.

#include "formats/keras_layer.hpp"

namespace assay::formats::keras::layers {

using model::Role;

Translation embedding(const Layer& layer, const Dialect&) {
    const std::int64_t vocabulary = integer(layer, "input_dim"), width = integer(layer, "output_dim");
    const bool mask_zero = flag_or(layer, "mask_zero", false);
    return {{{Role::embeddings, {vocabulary, width}}}, [=](Call& call) {
                const Value x = call.as_keras();
                return call.add("embedding", {{"input_dim", vocabulary}, {"output_dim", width}, {"mask_zero", mask_zero}}, {x}, x.rank < 0 ? -1 : x.rank + 1, true);
            }};
}

}  // namespace assay::formats::keras::layers
