// What the stored deltas of a micro-batch say about the gradients of its rows, without forming any.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/network_implementation.hpp"
#include "libanalysis/engine/tape.hpp"

#include <algorithm>

namespace assay::engine {

namespace {

using internal::Step;

/// Calls visit(index, step) for every layer with trainable parameters and a delta.
template <class Visit>
void over_weights(const Network::Implementation& net, const Tape& tape, Visit&& visit) {
    for (std::size_t i = 0; i < net.steps.size(); ++i) {
        const Step& step = net.steps[i];
        const bool trainable = std::any_of(step.parameters.begin(), step.parameters.end(),
                                           [&](std::size_t parameter) { return net.layout.entries[parameter].trainable; });
        if (step.layer && trainable && !tape.delta(i).empty()) visit(i, step);
    }
}

}  // namespace

Buffer Network::row_slopes(Backend& lane, Tape& tape, ConstView direction) const {
    const Implementation& net = *implementation_;
    Buffer slopes = lane.zeros(net.options.precision, static_cast<std::size_t>(tape.batch_));
    over_weights(net, tape, [&](std::size_t i, const Step& step) {
        Buffer moved = lane.allocate(step.type, static_cast<std::size_t>(tape.batch_) * step.size);
        step.layer->weight_tangent(lane, net.frame(tape, i), net.directions(step, direction), moved.view(), false);
        lane.row_dots(tape.delta(i), moved.view(), tape.batch_, static_cast<std::int64_t>(step.size), slopes.view(), true);
    });
    return slopes;
}

void Network::weighted_gradient(Backend& lane, Tape& tape, ConstView weights, View gradient) const {
    const Implementation& net = *implementation_;
    over_weights(net, tape, [&](std::size_t i, const Step& step) {
        ConstView delta = tape.delta(i);
        Buffer scaled;
        if (!weights.empty()) {
            scaled = lane.allocate(step.type, delta.size);
            lane.multiply_column(weights, delta, scaled.view(), tape.batch_, static_cast<std::int64_t>(step.size), false);
            delta = scaled.view();
        }
        step.layer->backward_weights(lane, net.frame(tape, i), delta, net.gradients(step, gradient));
    });
}

}  // namespace assay::engine
