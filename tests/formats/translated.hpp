#pragma once
// What becomes of one Keras layer in a file of one layer.

#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

namespace assay::formats {

struct OneLayer {
    std::string class_name;
    Json settings;
    Json input = Json::array({3});             ///< its shape, without the batch axis
    std::vector<test::KerasArray> arrays{};
    std::string keras_version = "2.4.0";
};

inline model::Model translated(const OneLayer& layer) {
    test::KerasFile file;
    file.config = test::keras_sequential(layer.input, Json::array({test::keras_layer(layer.class_name, "x", layer.settings)}));
    file.keras_version = layer.keras_version;
    file.layers = {{"x", layer.arrays}};
    const test::Scratch scratch;
    file.write(scratch / "m.h5");
    return load_model(scratch / "m.h5");
}

/// The node that is the layer's output.
inline model::Node translated_node(const OneLayer& layer) {
    const model::Model model = translated(layer);
    return model.architecture->graph[model.architecture->outputs.at(0)];
}

/// "" where the layer is supported, else the name that it is refused under.
inline std::string unsupported_name(const OneLayer& layer) {
    const model::Node node = translated_node(layer);
    return node.kind == "unsupported" ? node.layer_class : "";
}

}  // namespace assay::formats
