#include "libanalysis/measures/ingredients/layer_geometry.hpp"

#include <optional>
#include <unordered_map>

namespace assay::measures::ingredients {

LayerGeometry::Value LayerGeometry::compute(Subject& subject, const Key&) {
    const engine::Network& network = subject.network();
    const model::Architecture& architecture = subject.model().architecture.value();
    std::unordered_map<std::string, std::size_t> evaluated;
    for (std::size_t i = 0; i < network.node_names().size(); ++i) evaluated.emplace(network.node_names()[i], i);
    Value uses;
    for (const std::size_t vertex : architecture.topological_order()) {
        const model::Node& node = architecture.graph[vertex];
        if (node.parameters.empty()) continue;
        Use use{&node, {}};
        for (const std::size_t source : architecture.inputs_of(vertex)) {
            const auto found = evaluated.find(architecture.graph[source].name);
            if (found == evaluated.end())
                throw Error(ErrorKind::internal, {"layer " + node.layer, "a known input shape", architecture.graph[source].name});
            use.inputs.push_back(network.node_shape(found->second));
        }
        for (const std::size_t parameter : node.parameters) uses.emplace(parameter, use);
    }
    return uses;
}

}  // namespace assay::measures::ingredients
