// Where a network bends: whether it is piecewise linear between its parameters and the loss, and how near its kinks are.

#include "libanalysis/engine/exact_trace.hpp"
#include "libanalysis/engine/network_implementation.hpp"

#include <cmath>
#include <limits>
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

namespace {

/// How many values are within delta of zero.
std::int64_t count_near(Backend& lane, ConstView values, double delta) {
    if (lane.on_host()) {
        std::int64_t near = 0;
        for (const double value : lane.to_host(values)) near += std::abs(value) <= delta;
        return near;
    }
    // On a device they are counted there, as those between the first numbers that are too far: relu' is 1 above zero and 0 elsewhere,
    // of NaN too, and the sign of a rounded sum is that of the sum.
    const auto count = [&]<class T>(T nearest) {
        if (static_cast<double>(nearest) > delta) nearest = std::nextafter(nearest, T{0});
        const auto beyond = static_cast<double>(std::nextafter(nearest, std::numeric_limits<T>::infinity()));
        Buffer ones = lane.allocate(values.type, values.size), moved = lane.allocate(values.type, values.size);
        Buffer below = lane.allocate(values.type, values.size), above = lane.allocate(values.type, values.size);
        lane.fill(ones.view(), 1);
        lane.fill(moved.view(), beyond);
        lane.axpy(1, values, moved.view());
        lane.map_first(Pointwise::relu, 0, moved.view(), ones.view(), above.view(), false);
        lane.fill(moved.view(), beyond);
        lane.axpy(-1, values, moved.view());
        lane.map_first(Pointwise::relu, 0, moved.view(), ones.view(), below.view(), false);
        return std::llround(lane.dot(above.view(), below.view()));
    };
    return values.type == DType::float32 ? count(static_cast<float>(delta)) : count(delta);
}

}  // namespace

KinkProximity kink_proximity(const Primal& primal, double delta) {
    if (!(delta >= 0)) throw Error(ErrorKind::usage, {"kink proximity", "a distance of at least 0", std::to_string(delta)});
    const Network::Implementation& net = primal.network().implementation();
    std::vector<std::int64_t> near(static_cast<std::size_t>(primal.cache().batches), 0), total(near);
    primal.visit(Primal::Part::values, [&](const Primal::Item& item) {
        const auto batch = static_cast<std::size_t>(item.batch);
        for (const internal::Step& step : net.steps) {
            if (!step.layer || !step.layer->kink_at_zero()) continue;
            near[batch] += count_near(item.lane, item.tape.output(step.sources[0]), delta);
            total[batch] += item.tape.batch() * static_cast<std::int64_t>(step.size);
        }
    });
    KinkProximity result{.delta = delta};
    for (std::size_t i = 0; i < near.size(); ++i) result.near += near[i], result.total += total[i];
    if (result.total > 0) result.share = static_cast<double>(result.near) / static_cast<double>(result.total);
    return result;
}

}  // namespace assay::engine
