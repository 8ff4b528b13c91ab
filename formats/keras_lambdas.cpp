#include "formats/keras_lambdas.hpp"

#include "formats/affine_expression.hpp"
#include "formats/keras_layer.hpp"
#include "libanalysis/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace assay::formats::keras {

std::vector<std::string> replace_lambdas(Graph& graph, const std::map<std::string, std::string>& lambdas) {
    std::vector<std::string> notes;
    for (const auto& [name, text] : lambdas) {
        const auto layer = std::find_if(graph.layers.begin(), graph.layers.end(), [&wanted = name](const Layer& one) { return one.name == wanted && one.class_name == "Lambda"; });
        if (layer == graph.layers.end()) {
            std::string known;
            for (const Layer& one : graph.layers)
                if (one.class_name == "Lambda") known += (known.empty() ? "" : ", ") + one.name;
            throw Error(ErrorKind::usage, {"lambda " + name, "the name of a Lambda layer", known.empty() ? "a model without any" : "a model that has " + known});
        }
        if (is_activation(text)) {
            layer->class_name = "Activation";
            layer->config = {{"name", name}, {"activation", text}};
            notes.push_back(fmt::format("layer {}, a Lambda, is taken to be the function {}, as was asked", name, text));
            continue;
        }
        const AffineFunction function = parse_affine(text, "lambda " + name);
        layer->class_name = "Rescaling";
        layer->config = {{"name", name}, {"scale", function.scale}, {"offset", function.offset}};
        notes.push_back(fmt::format("layer {}, a Lambda, is taken to be {}, as was asked: {:g} x + {:g}", name, text, function.scale, function.offset));
    }
    return notes;
}

}  // namespace assay::formats::keras
