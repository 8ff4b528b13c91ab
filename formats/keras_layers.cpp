#include "formats/keras_layer.hpp"

#include <string_view>

namespace assay::formats::keras {

#define KERAS_LAYER(class_name, translator) Translation translator(const Layer&, const Dialect&);
namespace layers {
#include "formats/keras_layers.def"
}
#undef KERAS_LAYER

Translator translator_of(const std::string& class_name) {
    struct Row { std::string_view class_name; Translator translator; };
#define KERAS_LAYER(class_name, translator) {#class_name, layers::translator},
    static constexpr Row table[] = {
#include "formats/keras_layers.def"
    };
#undef KERAS_LAYER
    for (const Row& row : table)
        if (row.class_name == class_name) return row.translator;
    return nullptr;
}

}  // namespace assay::formats::keras
