#include "libanalysis/model/model.hpp"

#include "libanalysis/core/error.hpp"

#include <boost/graph/topological_sort.hpp>

#include <algorithm>
#include <iterator>

namespace assay::model {

double Tensor::at(std::size_t index) const {
    return std::visit([index](const auto& array) { return static_cast<double>(array.at(index)); }, values);
}

std::vector<double> Tensor::to_double() const {
    return std::visit([](const auto& array) { return std::vector<double>(array.begin(), array.end()); }, values);
}

std::string_view to_string(Role role) {
    switch (role) {
        case Role::kernel: return "kernel";
        case Role::recurrent_kernel: return "recurrent_kernel";
        case Role::depthwise_kernel: return "depthwise_kernel";
        case Role::pointwise_kernel: return "pointwise_kernel";
        case Role::embeddings: return "embeddings";
        case Role::bias: return "bias";
        case Role::gamma: return "gamma";
        case Role::beta: return "beta";
        case Role::moving_mean: return "moving_mean";
        case Role::moving_variance: return "moving_variance";
        case Role::alpha: return "alpha";
        case Role::mean: return "mean";
        case Role::variance: return "variance";
        case Role::count: return "count";
        case Role::other: return "other";
    }
    return "other";
}

bool is_weight_matrix(const Parameter& parameter) {
    // Layers that Assay does not have keep their tensors' own names: attention_kernel.
    const bool kernel = parameter.role == Role::kernel || parameter.role == Role::recurrent_kernel || parameter.role == Role::depthwise_kernel ||
                        parameter.role == Role::pointwise_kernel || parameter.role == Role::embeddings ||
                        (parameter.role == Role::other && parameter.name.ends_with("kernel"));
    return kernel && parameter.shape.size() >= 2;
}

std::int64_t matrix_columns(const Parameter& parameter) {
    const Shape& shape = parameter.shape;
    const bool depthwise = parameter.role == Role::depthwise_kernel && shape.size() > 2;
    return depthwise ? shape[shape.size() - 2] * shape.back() : shape.back();
}

std::size_t Architecture::add(Node node, const std::vector<std::size_t>& inputs_of_node) {
    const std::size_t vertex = boost::add_vertex(std::move(node), graph);
    for (std::size_t slot = 0; slot < inputs_of_node.size(); ++slot)
        boost::add_edge(inputs_of_node[slot], vertex, Edge{slot}, graph);
    return vertex;
}

std::vector<std::size_t> Architecture::inputs_of(std::size_t vertex) const {
    const auto [first, last] = boost::in_edges(vertex, graph);
    std::vector<std::size_t> sources(static_cast<std::size_t>(std::distance(first, last)));
    for (auto edge = first; edge != last; ++edge) sources.at(graph[*edge].slot) = boost::source(*edge, graph);
    return sources;
}

std::vector<std::size_t> Architecture::topological_order() const {
    std::vector<std::size_t> order;
    try {
        boost::topological_sort(graph, std::back_inserter(order));
    } catch (const boost::not_a_dag&) {
        throw Error(ErrorKind::format, {"layer graph", "a graph without cycles", "a cycle of layers"});
    }
    std::reverse(order.begin(), order.end());
    return order;
}

}  // namespace assay::model
