// Units that give the same for every row.

#include "libanalysis/engine/passes.hpp"
#include "libanalysis/engine/tape.hpp"
#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/sample.hpp"
#include "libanalysis/lint/tensors.hpp"

#include <fmt/format.h>

#include <limits>

namespace assay::lint::rule {
namespace {

struct Range { std::vector<double> low, high; };

void look(RunMaterial& material, Report& report) {
    const std::string split = material.subject.rows("train") ? "train" : "test";
    const data::Rows rows = sample_of(material.subject, split);
    const engine::Network& network = material.subject.network();
    const model::Architecture& architecture = *material.subject.model().architecture;
    std::map<std::string, std::size_t> vertices;
    for (const std::size_t vertex : architecture.topological_order()) vertices[architecture.graph[vertex].name] = vertex;
    std::map<std::size_t, Range> ranges;   // of activations' units, by node
    for (std::size_t node = 0; node < network.node_names().size(); ++node) {
        const auto found = vertices.find(network.node_names()[node]);
        if (found == vertices.end() || architecture.graph[found->second].kind != "activation") continue;
        if (architecture.graph[found->second].attributes.value("function", "").ends_with("softmax") || boost::out_degree(found->second, architecture.graph) == 0) continue;
        const auto units = static_cast<std::size_t>(network.node_shape(node).back());
        ranges[node] = {std::vector<double>(units, std::numeric_limits<double>::infinity()), std::vector<double>(units, -std::numeric_limits<double>::infinity())};
    }
    engine::visit_forward(network, material.subject.backend(), material.subject.parameters("final"), rows, material.subject.context(),
                          [&](std::int64_t, const engine::Tape& tape) {
        for (auto& [node, range] : ranges) {
            const std::vector<double> values = material.subject.backend().to_host(tape.output(node));
            for (std::size_t i = 0; i < values.size(); ++i) {
                const std::size_t unit = i % range.low.size();
                range.low[unit] = std::min(range.low[unit], values[i]);
                range.high[unit] = std::max(range.high[unit], values[i]);
            }
        }
    });
    for (const auto& [node, range] : ranges) {
        std::vector<std::size_t> dead;
        for (std::size_t unit = 0; unit < range.low.size(); ++unit)
            if (range.low[unit] == range.high[unit]) dead.push_back(unit);
        if (dead.empty()) continue;
        const std::string& layer = architecture.graph[vertices[network.node_names()[node]]].layer;
        const std::string words = listed(dead, range.low.size(), "units") + fmt::format(" give one value for all {} rows of {}", rows.count(), split);
        if (dead.size() == range.low.size()) report.add(Severity::error, layer, words + ": the network's output does not depend on its input through this layer");
        else report.add(layer, words);
    }
}

}  // namespace

extern const Rule dead_activations{
    .id = "dead-activations",
    .severity = Severity::warning,
    .summary = "units of an activation that give the same value for every row (dead ReLUs, saturated units)",
    .explanation = "Over up to 1,000 rows of the training split the unit's smallest and largest value are equal, at every position. It costs parameters and multiply-adds and carries nothing.",
    .advice = "Lower the learning rate or the weight decay; check the input scale. A whole dead layer means that the network is constant along that path.",
    .on_run = look,
};

}  // namespace assay::lint::rule
