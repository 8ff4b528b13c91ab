// The reverse pass of several seeds at once, for what is summed over seeds sample by sample.

#include "libanalysis/engine/network_implementation.hpp"

#include <algorithm>

namespace assay::engine {
using namespace internal;

std::int64_t Network::seeds_at_a_time() const {
    const Implementation& net = *implementation_;
    std::size_t widest = 1;   // deltas that one step reads and writes, of one row
    for (const Step& step : net.steps) {
        std::size_t touched = step.size;
        for (const std::size_t source : step.sources) touched += net.steps[source].size;
        widest = std::max(widest, touched);
    }
    const std::size_t each = widest * static_cast<std::size_t>(net.micro_batch) * size_of(net.options.precision);
    return static_cast<std::int64_t>(std::clamp<std::size_t>(2 * net.derivative_bytes / each, 1, 16));
}

void Network::reverse_deltas(Backend& lane, Tape& tape, ConstView seeds, std::int64_t count,
                             const std::function<void(const Applied& applied, ConstView deltas)>& visit) const {
    const Implementation& net = *implementation_;
    const auto rows = static_cast<std::size_t>(tape.batch_), many = static_cast<std::size_t>(count);
    const std::size_t output = net.output_steps.front();
    require(count > 0 && seeds.size == many * rows * net.steps[output].size, "reverse_deltas",
            std::to_string(many * rows * net.steps[output].size) + " seed values", std::to_string(seeds.size));
    std::vector<Buffer> deltas(net.steps.size());   // [seeds, batch, output] of a step; empty: none yet
    const auto open = [&](std::size_t i) { return (deltas[i] = lane.allocate(net.steps[i].type, many * rows * net.steps[i].size)).view(); };
    if (net.wants_delta(net.steps[output], false)) lane.copy(seeds, open(output));
    for (std::size_t i = output + 1; i-- > 0;) {
        const Step& step = net.steps[i];
        if (!step.layer || deltas[i].empty()) continue;
        Buffer gy = std::move(deltas[i]);   // read for the last time: its memory may serve one of the inputs
        deltas[i] = {};
        Frame frame = net.frame(tape, i);
        bool trainable = false;
        for (const std::size_t parameter : step.parameters) trainable |= net.layout.entries[parameter].trainable;
        if (trainable) visit({i, *step.layer, frame, step.parameters}, gy.const_view());
        if (step.sole_consumer) {
            deltas[step.sources[0]] = gy.share();
            continue;
        }
        std::vector<View> gx;
        bool any = false, free = true;
        for (std::size_t j = 0; j < step.sources.size(); ++j) {
            const std::size_t source = step.sources[j];
            gx.emplace_back();
            if (!net.wants_delta(net.steps[source], false)) continue;
            if (deltas[source].empty() && free && step.layer->reuse() != Layer::Reuse::none &&
                std::count(step.sources.begin(), step.sources.end(), source) == 1) {
                free = false;
                deltas[source] = gy.share();
                if (step.layer->reuse() == Layer::Reuse::passes_on) continue;   // and has what it should
                frame.fresh |= std::uint64_t{1} << j;
            }
            any = true;
            if (deltas[source].empty()) {
                const View opened = open(source);
                if (j < 64 && step.layer->overwrites_gradients()) frame.fresh |= std::uint64_t{1} << j;
                else lane.fill(opened, 0);
            }
            gx.back() = deltas[source].view();
        }
        if (!any) continue;
        if (step.layer->linear()) {   // the seeds are rows of one larger batch
            frame.batch = tape.batch_ * count;
            for (ConstView& input : frame.inputs) input = {};
            for (ConstView& mask : frame.masks) mask = {};
            step.layer->backward_input(lane, frame, gy.const_view(), gx);
            continue;
        }
        for (std::size_t k = 0; k < many; ++k) {
            std::vector<View> one;
            for (const View& view : gx) one.push_back(view.empty() ? view : view.slice(k * (view.size / many), view.size / many));
            step.layer->backward_input(lane, frame, gy.const_view().slice(k * (gy.size() / many), gy.size() / many), one);
        }
    }
}

}  // namespace assay::engine
