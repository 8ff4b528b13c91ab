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

namespace {

// The name of a policy: a word, or {"class_name": "DTypePolicy", "config": {"name": ...}}, of a quantised one {"mode", "source_name"}.
std::string policy_of(const Layer& layer) {
    const Json dtype = layer.config.is_object() ? layer.config.value("dtype", Json()) : Json();
    if (dtype.is_string()) return dtype.get<std::string>();
    if (!dtype.is_object()) return "";
    const Json config = dtype.value("config", Json());
    const auto word = [&](const char* key) { return config.is_object() && config.contains(key) && config[key].is_string() ? config[key].get<std::string>() : std::string(); };
    const Json class_name = dtype.value("class_name", Json());
    if (class_name.is_string() && class_name.get<std::string>().starts_with("Quantized")) return word("mode") + "_from_" + word("source_name");
    return word("name");
}

}  // namespace

void refuse_other_kernels(const Layer& layer, bool lora) {
    const std::string policy = policy_of(layer);
    if (const std::size_t from = policy.find("_from_"); from != std::string::npos) throw Unsupported{layer.class_name + "(quantised to " + policy.substr(0, from) + ")"};
    if (lora && layer.config.is_object() && layer.config.contains("lora_rank") && !layer.config["lora_rank"].is_null())
        throw Unsupported{layer.class_name + "(LoRA of rank " + layer.config["lora_rank"].dump().substr(0, 20) + ")"};
}

std::string narrow_type_of(const Layer& layer) {
    const std::string policy = policy_of(layer);
    return policy.find("float16") != std::string::npos || policy.find("float8") != std::string::npos ? policy.substr(0, 40) : "";
}

}  // namespace assay::formats::keras
