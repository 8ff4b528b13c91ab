#include "libanalysis/lint/tensors.hpp"

#include <algorithm>
#include <set>

namespace assay::lint {

bool is_unit_kernel(const model::Model& model, std::size_t parameter) {
    const model::Role role = model.parameters[parameter].role;
    if ((role != model::Role::kernel && role != model::Role::pointwise_kernel) || model.weights[parameter].shape.size() < 2) return false;
    static const std::set<std::string> classes{"Dense", "Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Linear", "Conv1d", "Conv2d"};
    if (!model.architecture) return classes.contains(model.parameters[parameter].layer_class);
    static const std::set<std::string> kinds{"dense", "conv1d", "conv2d"};
    const auto [first, last] = boost::vertices(model.architecture->graph);
    return std::any_of(first, last, [&](std::size_t vertex) {
        const model::Node& node = model.architecture->graph[vertex];
        return kinds.contains(node.kind) && !node.parameters.empty() && node.parameters[0] == parameter && node.attributes.value("groups", 1) == 1;
    });
}

UnitNorms unit_norms(const model::Tensor& tensor) {
    const auto units = static_cast<std::size_t>(tensor.shape.back()), inputs = static_cast<std::size_t>(tensor.shape[tensor.shape.size() - 2]);
    UnitNorms norms{std::vector<double>(units), std::vector<double>(inputs)};
    for_each_value(tensor, [&](double value, std::size_t i) {
        norms.units[i % units] += value * value;
        norms.inputs[i / units % inputs] += value * value;
    });
    return norms;
}

std::string listed(const std::vector<std::size_t>& indices, std::size_t of, const std::string& what) {
    std::string text = std::to_string(indices.size()) + " of " + std::to_string(of) + " " + what + " (";
    for (std::size_t i = 0; i < std::min<std::size_t>(indices.size(), 8); ++i) text += (i ? ", " : "") + std::to_string(indices[i]);
    return text + (indices.size() > 8 ? ", ...)" : ")");
}

}  // namespace assay::lint
