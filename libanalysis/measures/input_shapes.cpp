#include "libanalysis/measures/input_shapes.hpp"

#include <algorithm>

namespace assay::measures {
namespace {

bool open(const Shape& shape) {
    return std::any_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent < 0; });
}

Shape declared_shape(const model::Node& node) {
    Shape shape;
    const auto found = node.attributes.find("shape");
    if (found == node.attributes.end() || !found->is_array()) return shape;
    for (const Json& extent : *found) shape.push_back(extent.is_number_integer() ? extent.get<std::int64_t>() : -1);
    return shape;
}

}  // namespace

std::vector<Shape> input_shapes_for(const model::Model& model, const data::Split& split) {
    if (!model.architecture) return {};
    const std::vector<std::string> names = split.input_names();
    std::vector<Shape> shapes;
    bool any = false;
    for (const std::size_t vertex : model.architecture->inputs) {
        const model::Node& node = model.architecture->graph[vertex];
        Shape shape = declared_shape(node);
        if (open(shape)) {
            std::size_t source = 0;
            if (names.size() > 1 || model.architecture->inputs.size() > 1)
                source = static_cast<std::size_t>(std::find(names.begin(), names.end(), node.name) - names.begin());
            if (source >= names.size()) return {};
            Shape found = split.input_shape(source);
            if (found.size() + 1 == shape.size()) found.push_back(1);   // images without a channel axis
            if (found.size() != shape.size()) return {};
            for (std::size_t i = 0; i < shape.size(); ++i)
                if (shape[i] < 0) shape[i] = found[i];
            any = true;
        }
        shapes.push_back(std::move(shape));
    }
    return any ? shapes : std::vector<Shape>{};
}

}  // namespace assay::measures
