#include "libanalysis/engine/passes.hpp"

#include "libanalysis/engine/batches.hpp"
#include "libanalysis/engine/lanes.hpp"
#include "libanalysis/engine/parallel.hpp"
#include "libanalysis/engine/tape.hpp"

#include <algorithm>

namespace assay::engine {

Outputs outputs_over(const Network& network, Backend& backend, ConstView parameters, const data::Rows& rows, const Context& context, std::size_t index) {
    const Batches batches(network, rows);
    Outputs outputs;
    outputs.count = batches.rows();
    outputs.width = element_count(network.output_shapes().at(index));
    outputs.values.resize(static_cast<std::size_t>(outputs.count * outputs.width));
    const Context bounded = within_memory(context, backend, network.forward_bytes());
    Lanes lanes(backend, lanes_for(bounded, batches.count()));
    ordered_parallel(
        bounded, batches.count(),
        [&](int lane, std::int64_t i) {
            return lanes[lane].to_host(network.outputs(lanes[lane], parameters, batches.read(lanes[lane], i)).at(index).view());
        },
        [&](std::int64_t i, const std::vector<double>& values) {
            std::copy(values.begin(), values.end(), outputs.values.begin() + batches.first(i) * outputs.width);
        });
    return outputs;
}

void visit_forward(const Network& network, Backend& backend, ConstView parameters, const data::Rows& rows, const Context& context,
                   const std::function<void(std::int64_t first_row, const Tape&)>& visit) {
    const Batches batches(network, rows);
    const Context bounded = within_memory(context, backend, 2 * network.forward_bytes());   // one at work, one waiting for its visit
    Lanes lanes(backend, lanes_for(bounded, batches.count()));
    ordered_parallel(
        bounded, batches.count(), [&](int lane, std::int64_t i) { return network.forward(lanes[lane], parameters, batches.read(lanes[lane], i)); },
        [&](std::int64_t i, const Tape& tape) { visit(batches.first(i), tape); });
}

}  // namespace assay::engine
