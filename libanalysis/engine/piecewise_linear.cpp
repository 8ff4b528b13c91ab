// Where a network bends: whether it is piecewise linear between its parameters and the loss, and how near its kinks are.

#include "libanalysis/engine/exact_trace.hpp"
#include "libanalysis/engine/network_implementation.hpp"

#include <cmath>
#include <map>

namespace assay::engine {

std::string gauss_newton_trace_refusal(const Network& network) {
    const Network::Implementation& net = network.implementation();
    std::vector<char> reaches(net.steps.size(), 0);   // the output that the loss sees
    reaches[net.output_steps.front()] = 1;
    for (std::size_t i = net.steps.size(); i-- > 0;)
        for (const std::size_t source : net.steps[i].sources)
            if (reaches[i]) reaches[source] = 1;
    std::map<std::size_t, int> uses;
    for (std::size_t i = 0; i < net.steps.size(); ++i) {
        const internal::Step& step = net.steps[i];
        if (!reaches[i] || !step.layer || !step.below_parameters) continue;   // constant in the parameters, or unseen
        if (!step.layer->piecewise_linear()) return "layer " + step.name + " is not piecewise linear";
        for (const std::size_t parameter : step.parameters)
            if (net.layout.entries[parameter].trainable && ++uses[parameter] == 2)
                return "parameter " + net.parameter_names[parameter] + " is used twice, the second time by layer " + step.name;
    }
    return {};
}

KinkProximity kink_proximity(const Primal& primal, double delta) {
    if (!(delta >= 0)) throw Error(ErrorKind::usage, {"kink proximity", "a distance of at least 0", std::to_string(delta)});
    const Network::Implementation& net = primal.network().implementation();
    std::vector<std::int64_t> near(static_cast<std::size_t>(primal.cache().batches), 0), total(near);
    primal.visit(Primal::Part::values, [&](const Primal::Item& item) {
        const auto batch = static_cast<std::size_t>(item.batch);
        for (const internal::Step& step : net.steps) {
            if (!step.layer || !step.layer->kink_at_zero()) continue;
            for (const double value : item.lane.to_host(item.tape.output(step.sources[0]))) near[batch] += std::abs(value) <= delta;
            total[batch] += item.tape.batch() * static_cast<std::int64_t>(step.size);
        }
    });
    KinkProximity result{.delta = delta};
    for (std::size_t i = 0; i < near.size(); ++i) result.near += near[i], result.total += total[i];
    if (result.total > 0) result.share = static_cast<double>(result.near) / static_cast<double>(result.total);
    return result;
}

}  // namespace assay::engine
